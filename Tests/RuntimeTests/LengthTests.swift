import LazyOps
import LazyRuntime
import Testing

/// Programs over axes of run-time length against the same programs over constant shapes.
struct LengthTests {
  typealias Program = @Sendable (_ x: Tensor, _ y: Tensor, _ ids: Tensor) -> Tensor

  private static let bound = 70

  /// x: [4, n], y: [n, 5], ids: [n] of integers below 4; every one may end in an axis n again.
  static let programs: [(name: String, program: Program)] = [
    ("identity", { x, _, _ in x }),
    ("elementwise", { x, y, _ in (x * 2 + 1).tanh() + y.T[0..<4] }),
    ("broadcast", { x, y, _ in x.unsqueezed(at: -1) * y - x.sum(axis: 1, keepDimensions: true).unsqueezed(at: -1) }),
    ("where", { x, _, _ in Tensor.where(x .> 0, x, -1) }),
    ("cast", { x, _, ids in x.cast(to: .float64) + ids.cast(to: .float64) }),
    ("half", { x, _, _ in x.cast(to: .float16).softmax(axis: 1) }),
    ("sum of all", { x, _, _ in x.sum() }),
    ("sum", { x, _, _ in x.sum(axis: 1) }),
    ("sum over the other axis", { x, _, _ in x.sum(axis: 0) }),
    ("product", { x, _, _ in (x * 0.1 + 1).product(axis: -1) }),
    ("max", { x, y, _ in x.max(axis: 1) + y.max() }),
    ("min", { x, y, _ in x.min(axis: 1) + y.min() }),
    ("any", { x, _, _ in (x .> 1).any(axis: 1) }),
    ("all", { x, _, _ in (x .> -1).all(axis: 1) }),
    ("integers", { _, _, ids in ids.max() * 10 + ids.sum() }),
    ("mean", { x, y, _ in x.mean(axis: 1) + y.mean() }),
    ("variance", { x, _, _ in x.variance(axis: 1, correction: 0) }),
    ("sample variance", { x, y, _ in y.variance(axis: 0) }),
    ("norm", { x, _, _ in x.norm(axis: 1) }),
    ("logSumExp", { x, _, _ in x.logSumExp(axis: 1) }),
    ("argmax", { x, _, _ in x.argmax(axis: 1) }),
    ("argmin", { _, y, _ in y.argmin(axis: 0) }),
    ("cumsum", { x, _, _ in x.cumsum(axis: 1) }),
    ("cummax", { _, y, _ in y.cummax(axis: 0) }),
    ("sum of cumsum", { x, _, _ in x.cumsum(axis: 1).sum(axis: 1) }),
    ("softmax", { x, _, _ in x.softmax(axis: 1) }),
    ("softmax over the other axis", { x, _, _ in x.softmax(axis: 0) }),
    ("logSoftmax", { x, _, _ in x.logSoftmax(axis: -1) }),
    ("layerNorm over the length", { x, _, _ in x.layerNorm() }),
    ("layerNorm of rows", { _, y, _ in y.layerNorm() }),
    ("matmul inside", { x, y, _ in x.matmul(y) }),
    ("matmul rows", { _, y, _ in y.matmul(y.T[0..., 0...].sum(axis: 1, keepDimensions: true)) }),
    ("matmul outer", { x, _, _ in x.T.matmul(x) }),
    ("dot", { x, _, _ in x[0].dot(x[1]) }),
    ("einsum", { x, y, _ in Tensor.einsum("ik,kj->ij", x, y) }),
    ("einsum rows", { x, y, _ in Tensor.einsum("ik,kj->kij", x, y) }),
    ("linear", { _, y, _ in y.linear(y.T.matmul(y)) }),
    (
      "attention",
      { x, y, _ in
        Tensor.scaledDotProductAttention(Tensor.arange(0.0, 2.0, step: 0.1).reshape(4, 5), y, y * 2)
      }
    ),
    (
      "attention in heads",
      { x, y, _ in
        let keys = Tensor.stack([y, y * 0.5, y + 1])
        let query = Tensor.arange(0.0, 3.0, step: 0.2).reshape(3, 1, 5)
        return Tensor.scaledDotProductAttention(query, keys, keys * 2)
      }
    ),
    ("self attention", { _, y, _ in Tensor.scaledDotProductAttention(y, y, y, isCausal: true) }),
    ("permute", { x, y, _ in y.T + x.permute(1, 0).sum(axis: 1) }),
    ("reshape", { x, _, _ in x.reshape(2, 2, -1).reshape(2, 1, 2, -1).sum(axis: 0) }),
    ("flatten", { x, _, _ in x[0].unsqueezed(at: 0).flatten() * x.unsqueezed(at: 1).squeezed(at: 1) }),
    ("concatenate", { x, _, _ in Tensor.concatenate([x, x * 2], axis: 0) }),
    ("take", { _, _, ids in Tensor.arange(0.0, 1.2, step: 0.1).reshape(4, 3).take(ids) }),
    ("take from", { _, y, _ in y.take(Tensor([0, 0]), axis: 0) }),
    ("gather", { x, _, ids in x.gather(ids.broadcast(to: x.shape) % 1, axis: 0) }),
    (
      "scatterAdd",
      { x, y, ids in
        Tensor.zeros([4, 5]).scatterAdd(ids.unsqueezed(at: 1).broadcast(to: y.shape), y, axis: 0)
      }
    ),
    ("oneHot", { _, _, ids in ids.oneHot(4) }),
    ("crossEntropy", { x, _, ids in x.T.crossEntropy(ids) }),
    ("squaredError", { x, y, _ in x.meanSquaredError(y.T[0..<4]) }),
    (
      "assignment to rows",
      { x, _, _ in
        var x = x
        x[1] = x[0] * 2
        x[2..., 0...] = Tensor(7.0)
        return x
      }
    ),
    (
      "assignment of index tensors",
      { x, _, _ in
        var x = x
        x[Tensor([3, 1])] = x[0...1]
        return x
      }
    ),
    (
      "assignment of a mask",
      { x, _, _ in
        var x = x
        x[x .> 0.5] = Tensor(0.0)
        return x
      }
    ),
    ("gradient of a sum", { x, _, _ in x.exp().sum().gradients(with: [x])[0] }),
    ("gradient of a mean", { x, _, _ in (x * x).mean(axis: 1).sum().gradients(with: [x])[0] }),
    ("gradient of a maximum", { x, _, _ in (x.max(axis: 1) * x.min(axis: 1)).sum().gradients(with: [x])[0] }),
    ("gradient of a product", { x, _, _ in (x * 0.1 + 1).product(axis: 1).sum().gradients(with: [x])[0] }),
    ("gradient of a softmax", { x, y, _ in (x.softmax(axis: 1).matmul(y) * 3).square().sum().gradients(with: [y])[0] }),
    ("gradient of a scan", { x, _, _ in (x.cumsum(axis: 1) * x).sum().gradients(with: [x])[0] }),
    (
      "gradient of a product scan",
      { x, _, _ in
        (x * 0.1 + 1).cumprod(axis: 1).square().sum().gradients(with: [x])[0]
      }
    ),
    ("gradient of a maximum scan", { x, _, _ in (x.cummax(axis: 1) * x).sum().gradients(with: [x])[0] }),
    ("gradient of broadcasting", { x, y, _ in (x[0] * y.T).square().sum().gradients(with: [x])[0] }),
    ("gradient of a matrix product", { x, y, _ in x.matmul(y).square().sum().gradients(with: [x])[0] }),
    (
      "gradient of looking up",
      { x, _, ids in
        let table = Tensor.arange(0.0, 1.2, step: 0.1).reshape(4, 3)
        return (table.take(ids).square() * x[0].unsqueezed(at: 1)).sum().gradients(with: [table])[0]
      }
    ),
    ("gradient of a layer norm", { x, _, _ in (x.layerNorm() * x).square().sum().gradients(with: [x])[0] }),
  ]

  /// The inputs, in which all beyond `count` is garbage, cut at a run-time length and at a constant one.
  private static func inputs(_ count: Int) -> (variable: [Tensor], constant: [Tensor], whole: [Tensor], Length) {
    let generator = RandomGenerator(seed: UInt64(count))
    let garbage: [Float] = [.nan, .infinity, -.infinity, 1e38]
    func spoiled(_ tensor: Tensor, _ axis: Int) -> Tensor {
      let inner = tensor.shape.dimensions[(axis + 1)...].reduce(1, *)
      let numbers = tensor.floats.enumerated().map { place, number in
        place / inner % bound < count ? number : garbage[place % garbage.count]
      }
      return Tensor(shape: tensor.shape, numbers)
    }
    let x = spoiled(.normal([4, bound], using: generator), 1)
    let y = spoiled(.normal([bound, 5], using: generator), 0)
    let ids = Tensor((0..<bound).map { $0 < count ? $0 * 7 % 4 : 1 << 40 - $0 })
    let length = Length(count, upTo: bound)
    return (
      [x[0..., ..<length], y[..<length], ids[..<length]], [x[0..., 0..<count], y[0..<count], ids[0..<count]],
      [x, y, ids], length
    )
  }

  private func isClose(_ a: [Double], _ b: [Double]) -> Bool {
    a.count == b.count
      && zip(a, b).allSatisfy { $0 == $1 || abs($0 - $1) <= 2e-5 * max(1, abs($1)) || $0.isNaN && $1.isNaN }
  }

  /// The elements of an array laid out for bounds that lie within counts.
  private func elements(_ array: HostArray, _ counts: [Int]) -> [Double] {
    let (doubles, strides) = (array.doubles, array.shape.strides)
    return (0..<counts.reduce(1, *)).map { number in
      var (rest, place) = (number, 0)
      for axis in counts.indices.reversed() {
        place += rest % counts[axis] * strides[axis]
        rest /= counts[axis]
      }
      return doubles[place]
    }
  }

  @Test(arguments: [1, 2, 33, 64, 69, 70])
  func programsAreThoseOfConstantShapes(count: Int) throws {
    let (variable, constant, _, _) = LengthTests.inputs(count)
    let results = LengthTests.programs.map { $0.program(variable[0], variable[1], variable[2]) }
    let expected = LengthTests.programs.map { $0.program(constant[0], constant[1], constant[2]) }
    let (graph, leaves) = Graph.snapshot(of: results.map(\.node))
    graph.verify()
    let evaluated = try graph.evaluate(leaves: leaves.map { HostArray($0) })
    Tensor.realize(results + expected)
    for (number, (name, _)) in LengthTests.programs.enumerated() {
      let wanted = expected[number].doubles
      #expect(results[number].shape.counts == expected[number].shape.dimensions, "\(name)")
      let own = elements(evaluated[number], results[number].shape.counts)
      #expect(isClose(own, wanted), "evaluated \(name): \(own) \(wanted)")
      #expect(isClose(results[number].doubles, wanted), "compiled \(name): \(results[number].doubles) \(wanted)")
    }
  }

  /// The structure, which plans are kept by, is the same for all numbers.
  @Test func onePlanServesAllNumbers() {
    func graph(_ count: Int) -> Graph {
      let (inputs, _, _, _) = LengthTests.inputs(count)
      return Graph.snapshot(of: LengthTests.programs.map { $0.program(inputs[0], inputs[1], inputs[2]).node }).graph
    }
    let first = graph(3)
    for count in [1, 20, 70] { #expect(graph(count) == first, "\(count)") }
  }

  @Test func gradientsPassThroughTheCut() {
    let (_, _, whole, length) = LengthTests.inputs(9)
    let x = whole[0]
    let gradient = (x[0..., ..<length] * 3).sum().gradients(with: [x])[0]
    #expect(gradient.shape == [4, 70])
    #expect(gradient.floats == (0..<280).map { $0 % 70 < 9 ? 3 : 0 })
  }

  @Test func assignmentUpToALengthLeavesTheRest() {
    let length = Length(3, upTo: 5)
    var x = Tensor([[1.0, 2, 3, 4, 5, 6], [7, 8, 9, 10, 11, 12]])
    x[0..., ..<length] = Tensor([0.0, 1, 2, .nan, .infinity])[..<length]
    #expect(x.floats == [0, 1, 2, 4, 5, 6, 0, 1, 2, 10, 11, 12])
    x[1, ..<length] = Tensor(5.0)
    #expect(x.floats == [0, 1, 2, 4, 5, 6, 5, 5, 5, 10, 11, 12])
  }

  @Test func lengthsAreNumbersInExpressions() {
    let length = Length(7, upTo: 10)
    let x = Tensor.arange(10)
    let last = x[..<length].take(length.tensor - 1)
    #expect(last.ints == [6])
    #expect((length.tensor * 2).ints == [14])
    #expect(x[..<length].description == "Tensor([0, 1, 2, 3, 4, 5, 6], int64[7])")
    #expect("\(x[..<length].shape)" == "[up to 10]")
  }

  @Test func beyondTheLengthNoIndexIsValid() throws {
    let x = Tensor.arange(10)[..<Length(7, upTo: 10)]
    #expect(throws: IndexOutOfRange.self) { try x.take(Tensor([7])).tryRealize() }
    #expect(x.take(Tensor([6])).ints == [6])
  }
}

/// What axes of run-time length do not do stops with a message.
struct LengthMisuseTests {
  private static let x = Tensor.zeros([4, 10])[0..., ..<Length(7, upTo: 10)]

  @Test func misuseStops() async {
    await #expect(processExitsWith: .failure) { _ = Length(0, upTo: 10) }
    await #expect(processExitsWith: .failure) { _ = Length(11, upTo: 10) }
    await #expect(processExitsWith: .failure) { _ = Tensor.zeros([4])[..<Length(3, upTo: 5)] }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x + Tensor.zeros([4, 10]) }
    await #expect(processExitsWith: .failure) {
      _ = LengthMisuseTests.x + Tensor.zeros([4, 10])[0..., ..<Length(7, upTo: 10)]
    }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x.flatten() }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x.reshape(40) }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x[0..., 3] }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x[0..., 2...] }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x.flip() }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x.sort() }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x.topk(1) }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x.window(axis: 1, size: 2) }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x.pad(axis: 1, low: 1, high: 0) }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x.roll(1, axis: 1) }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x.chunk(2, axis: 1) }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x.repeated(2, axis: 1) }
    await #expect(processExitsWith: .failure) {
      _ = Tensor.concatenate([LengthMisuseTests.x, LengthMisuseTests.x], axis: 1)
    }
    await #expect(processExitsWith: .failure) { _ = LengthMisuseTests.x.crossEntropy(Tensor([1, 2, 3, 4])) }
    await #expect(processExitsWith: .failure) { _ = TensorCell(LengthMisuseTests.x) }
  }

  @Test func messagesNameTheOp() async throws {
    let result = try #require(
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = LengthMisuseTests.x[0..., 3]
      })
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(text.contains("[subscript] axis 1 of shape [4, up to 10] has a run-time length: it is taken whole"))
  }
}
