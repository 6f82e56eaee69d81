import Swiftlet
import Testing

@Suite struct ParameterTests {
  @Test func isATargetOfGradients() {
    let weight = Parameter(.uniform([3]))
    #expect(weight().tracksGradient)
    let x = Tensor([1, 2, 3] as [Float])
    // The initial value is pending in the first round, and elements in memory in the second.
    for _ in 0..<2 {
      #expect((weight() * x).sum().gradients(with: [weight()])[0].floats == [1, 2, 3])
      weight().realize()
    }
  }

  @Test func assigningCutsHistory() {
    let weight = Parameter(.ones([2]))
    let old = weight()
    weight.value = weight() * 2 + 1
    #expect(weight().floats == [3, 3])
    #expect(weight().node.sources.isEmpty)
    #expect(weight().tracksGradient)
    #expect(old.floats == [1, 1])
    #expect(weight().sum().gradients(with: [old])[0].floats == [0, 0])
  }

  @Test func canBeSharedAmongThreads() async {
    let count = 1_000
    let weight = Parameter(.zeros([count]))
    await withTaskGroup(of: Bool.self) { group in
      for task in 1...4 {
        group.addTask {
          var isWhole = true
          for _ in 0..<25 {
            weight.value = Tensor(shape: [count], [Float](repeating: Float(task), count: count))
            // Whoever wrote it, a value is one of those that were assigned.
            let seen = weight().floats
            isWhole = isWhole && seen.allSatisfy { $0 == seen[0] } && 1...4 ~= seen[0]
          }
          return isWhole
        }
      }
      for await isWhole in group { #expect(isWhole) }
    }
  }

  @Test func misuseStops() async {
    await #expect(processExitsWith: .failure) { _ = Parameter(Tensor([1, 2])) }
    await #expect(processExitsWith: .failure) { Parameter(.ones([2])).value = .ones([3]) }
    await #expect(processExitsWith: .failure) { Parameter(.ones([2])).value = .ones([2], dtype: .float64) }
  }
}
