import LazyOps
import Testing

/// What is computed once more in the backward pass.
@Suite struct CheckpointTests {
  private static let weight = hostTensor(unevenNumbers(9), [3, 3])

  private static func block(_ x: Tensor) -> Tensor { x.matmul(weight).tanh() + x }

  /// Returns the loss and its gradients, with and without a checkpoint around each block.
  private func both(
    _ x: Tensor, _ targets: [Tensor], blocks: Int = 2, _ block: (Tensor) -> Tensor
  ) throws -> (plain: [[Double]], again: [[Double]]) {
    func numbers(_ apply: (Tensor) -> Tensor) throws -> [[Double]] {
      let loss = weightedSum((0..<blocks).reduce(x) { y, _ in apply(y) })
      return try ([loss] + loss.gradients(with: targets)).map(hostNumbers)
    }
    return (try numbers(block), try numbers { Tensor.checkpoint($0, block) })
  }

  @Test func gradientsAreTheSameBits() throws {
    let x = hostTensor(unevenNumbers(6), [2, 3])
    let (plain, again) = try both(x, [x, Self.weight], Self.block)
    #expect(again == plain)
  }

  @Test func gradientsOfGradients() throws {
    try expectGradients(at: unevenNumbers(6), [2, 3], "checkpoint") { Tensor.checkpoint($0, Self.block) }
    try expectGradients(at: unevenNumbers(6), [2, 3], "nested") { x in
      Tensor.checkpoint(x) { Tensor.checkpoint($0, Self.block) * $0 }
    }
    try expectGradients(at: unevenNumbers(6), [2, 3], "custom inside") { x in
      Tensor.checkpoint(x) { x in
        Tensor.custom("cube", x.sin(), forward: { $0 * $0 * $0 }, backward: { g, x, _ in g * x * x * 3 })
      }
    }
  }

  @Test func severalInputsAndResults() throws {
    let (a, b) = (hostTensor([2, 3], [2]), hostTensor([5, 7], [2]))
    func loss(_ pair: ([Tensor]) -> [Tensor]) -> Tensor {
      let results = pair([a, b])
      return (results[0] * results[1] + results[0]).sum()
    }
    let body = { (x: [Tensor]) in [x[0] * x[1], x[0].exp(), x[1] .> 6] }
    let plain = try loss(body).gradients(with: [a, b]).map(hostNumbers)
    #expect(try loss { Tensor.checkpoint($0, body) }.gradients(with: [a, b]).map(hostNumbers) == plain)
    let results = Tensor.checkpoint([a, b], body)
    #expect(try hostNumbers(results[2]) == [0, 1])
    // Only one of the results is used.
    #expect(try results[1].sum().gradients(with: [a, b]).map(hostNumbers) == [try hostNumbers(a.exp()), [0, 0]])
  }

  @Test func capturedTensorsGetGradients() throws {
    let x = hostTensor(unevenNumbers(6), [2, 3])
    let weight = hostTensor(unevenNumbers(9), [3, 3], .float64)
    let residual = (x * weight.sum()).sin()
    let (plain, again) = try both(x, [x, weight]) { ($0.matmul(weight) + residual).tanh() }
    // The parts of a gradient are added in another order.
    for (plain, again) in zip(plain.joined(), again.joined()) { #expect(abs(plain - again) < 1e-12) }
  }

  @Test func dropoutDrawsTheSameNumbers() throws {
    let x = hostTensor(unevenNumbers(600), [20, 30])
    func numbers(_ checkpoint: Bool) throws -> [[Double]] {
      let generator = RandomGenerator(seed: 5)
      let block = { (x: Tensor) in (x * 2).dropout(0.5, using: generator).sin() }
      let loss = weightedSum(checkpoint ? Tensor.checkpoint(x, block) : block(x))
      let gradient = loss.gradients(with: [x])[0]
      #expect(generator.position.drawCount == 1)
      return try [loss, gradient].map(hostNumbers)
    }
    #expect(try numbers(true) == numbers(false))
  }

  /// The recomputation stays apart from the forward pass, with all it needs again, random masks too.
  @Test func nothingIsSharedWithTheForwardPass() throws {
    let x = Tensor(.buffer, shape: [64, 64], dtype: .float32)
    let block = { (x: Tensor) in x.exp().dropout(0.5).tanh() }
    let loss = (Tensor.checkpoint(x, block) * 2).sin().sum()
    let graph = Graph.snapshot(of: [loss.node, loss.gradients(with: [x])[0].node]).graph.simplified()
    let count = { (op: UnaryOp) in graph.nodes.filter { $0.op == .unary(op) && $0.shape == x.shape }.count }
    #expect(count(.exp) == 2)
    #expect(count(.tanh) == 2)
    let draws = graph.nodes.filter { $0.op == .binary(.lessEqual) }
    #expect(draws.count == 2)
    // It waits for the gradient that comes from above.
    let barriers = graph.nodes.filter { $0.op == .barrier }
    #expect(!barriers.isEmpty)
    for barrier in barriers { #expect(!graph.nodes[barrier.sources[1]].isLeaf) }
  }

  @Test func unmarkedResultsAreOrdinary() throws {
    let x = hostTensor([2], [])
    #expect(try hostNumbers(Tensor.checkpoint(x) { _ in x }.gradients(with: [x])[0]) == [1])
    let constant = withoutGradient { Tensor.checkpoint(x) { $0 * $0 } }
    #expect(try hostNumbers(constant.gradients(with: [x])[0]) == [0])
    // Gradients may be taken where nothing is to track them.
    let y = Tensor.checkpoint(x) { $0 * $0 }
    #expect(try hostNumbers(withoutGradient { y.gradients(with: [x])[0] }) == [4])
    // What is cut inside stays cut.
    let cut = Tensor.checkpoint(x) { x in x * x.detached() + withoutGradient { x * 7 } }
    #expect(try hostNumbers(cut.gradients(with: [x])[0]) == [2])
  }

  @Test func aRealizedResultRecomputesToo() throws {
    let x = hostTensor([2], []).trackingGradient()
    let y = Tensor.checkpoint(x) { $0 * $0 * $0 }
    let storage = Storage(byteCount: 8)
    HostArray([8], [], .float64).write(to: storage.base)
    y.node.realize(into: storage)
    #expect(try hostNumbers((y * y).gradients(with: [x])[0]) == [192])
  }

  /// A row of checkpoints is walked once, forward and backward.
  @Test func manyCheckpointsStayLinear() throws {
    func nodes(_ count: Int) throws -> Int {
      let x = hostTensor([0.5], [], .float32)
      let y = (0..<count).reduce(x) { y, _ in Tensor.checkpoint(y) { $0 * 0.5 + 0.25 } }
      let gradient = y.gradients(with: [x])[0]
      #expect(try hostNumbers(y)[0] == 0.5)
      return Graph.snapshot(of: [gradient.node]).graph.nodes.count
    }
    let (small, large) = (try nodes(300), try nodes(3_000))
    #expect(large <= small * 10 + 10)
  }

  @Test func errorsPassThrough() {
    struct Failure: Error {}
    #expect(throws: Failure.self) { try Tensor.checkpoint(hostTensor([1], [])) { _ in throw Failure() } }
  }
}
