import LazyOps
import Testing

@Suite struct IndexReshapeTests {
  /// Returns a variable for each axis: `i0`, `i1`, ...
  static func variables(_ shape: [Int]) -> [Index] {
    shape.enumerated().map { Index(IndexVariable(id: $0.offset, extent: $0.element)) }
  }

  static func flatten(_ indices: [Index], _ shape: [Int]) -> Index {
    zip(indices, shape).reduce(.constant(0)) { $0 * $1.1 + $1.0 }
  }

  /// Unflattens without the knowledge that the first axis needs no remainder.
  static func unflatten(_ flat: Index, _ shape: [Int]) -> [Index] {
    var stride = 1
    var result: [Index] = []
    for extent in shape.reversed() {
      result.append(flat.floorDivide(by: stride).modulo(extent))
      stride *= extent
    }
    return result.reversed()
  }

  /// Takes the indices through shapes, from the first to the last.
  static func reshape(_ indices: [Index], _ shapes: [[Int]]) -> [Index] {
    zip(shapes, shapes.dropFirst()).reduce(indices) { unflatten(flatten($0, $1.0), $1.1) }
  }

  @Test(arguments: [
    [[4, 6, 5], [24, 5], [2, 12, 5], [4, 6, 5]],
    [[4, 6, 5], [120], [4, 6, 5]],
    [[4, 6, 5], [4, 30], [120], [20, 6], [4, 5, 6], [4, 6, 5]],
    [[4, 6], [3, 8], [4, 6]],
    [[4, 6], [8, 3], [12, 2], [3, 8], [2, 2, 6], [4, 6]],
    [[2, 3, 5, 7], [7, 5, 3, 2], [14, 15], [2, 3, 5, 7]],
    [[1, 6, 1], [2, 3], [3, 2, 1], [1, 6, 1]],
    [[6], [6]],
  ])
  func roundTripsGiveVariables(shapes: [[Int]]) {
    let variables = Self.variables(shapes[0])
    #expect(Self.reshape(variables, shapes) == variables)
  }

  @Test(arguments: 0..<4) func randomChainsGiveVariables(seed: Int) {
    var generator = IndexTestGenerator(state: UInt64(seed))
    for _ in 0..<150 {
      let factors = [[2, 2, 2, 3], [2, 3, 5], [2, 2, 3, 3, 5], [4, 3, 7], [2, 2, 2, 2, 2]].randomElement(
        using: &generator)!
      func shape() -> [Int] {
        var shape: [Int] = []
        for factor in factors.shuffled(using: &generator) {
          if !shape.isEmpty, Bool.random(using: &generator) {
            shape[shape.count - 1] *= factor
          } else {
            shape.append(factor)
          }
        }
        return shape
      }
      var shapes = (0..<Int.random(in: 2...5, using: &generator)).map { _ in shape() }
      shapes.append(shapes[0])
      let variables = Self.variables(shapes[0])
      #expect(Self.reshape(variables, shapes) == variables, "\(shapes)")
    }
  }

  /// Two ways from one shape to another give one expression.
  @Test(arguments: 0..<4) func detoursLeaveNoTrace(seed: Int) {
    var generator = IndexTestGenerator(state: UInt64(100 + seed))
    let shapes = [[24], [2, 12], [12, 2], [4, 6], [6, 4], [2, 3, 4], [4, 3, 2], [3, 8], [8, 3], [2, 2, 2, 3]]
    for _ in 0..<150 {
      let (from, to) = (shapes.randomElement(using: &generator)!, shapes.randomElement(using: &generator)!)
      let detour = (0..<3).map { _ in shapes.randomElement(using: &generator)! }
      let variables = Self.variables(from)
      #expect(
        Self.reshape(variables, [from] + detour + [to]) == Self.reshape(variables, [from, to]),
        "\(from) through \(detour) to \(to)")
    }
  }

  @Test func mergedAndSplitAxesStaySimple() {
    let merged = Self.reshape(Self.variables([4, 6, 5]), [[4, 6, 5], [24, 5]])
    #expect(merged.map(\.description) == ["i0*6 + i1", "i2"])
    let split = Self.reshape(Self.variables([24, 5]), [[24, 5], [4, 6, 5]])
    #expect(split.map(\.description) == ["i0/6", "i0%6", "i1"])
    let regrouped = Self.reshape(Self.variables([2, 12, 5]), [[2, 12, 5], [4, 6, 5]])
    #expect(regrouped.map(\.description) == ["i0*2 + i1/6", "i1%6", "i2"])
  }

  /// The image's index under a window is linear, and a window no larger than its stride tells both apart again.
  @Test func windows() {
    let (place, offset) = (Index(IndexVariable(id: 0, extent: 8)), Index(IndexVariable(id: 1, extent: 3)))
    let image = place * 4 + offset
    #expect(image.floorDivide(by: 4) == place)
    #expect(image.modulo(4) == offset)
    let padded = image - 1
    #expect((padded + 1).floorDivide(by: 4) == place)
    #expect(padded.coefficient(of: 0) == 4)
    #expect(padded.coefficient(of: 1) == 1)
    #expect((image + 4).floorDivide(by: 4) == place + 1)
    #expect((image - 4).modulo(4) == offset)
  }

  /// Splitting a loop and then counting in the pieces is counting in the loop.
  @Test func splitLoops() {
    let (outer, inner) = (Index(IndexVariable(id: 0, extent: 6)), Index(IndexVariable(id: 1, extent: 16)))
    let whole = outer * 16 + inner
    #expect(whole.floorDivide(by: 8).description == "i0*2 + i1/8")
    #expect(whole.modulo(8).description == "i1%8")
    #expect(whole.floorDivide(by: 32).description == "i0/2")
    #expect(whole.modulo(32).description == "i0%2*16 + i1")
    #expect(whole.floorDivide(by: 8) * 8 + whole.modulo(8) == whole)
  }
}
