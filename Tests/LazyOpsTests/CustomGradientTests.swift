import LazyOps
import Testing

/// Functions with gradients of their own.
@Suite struct CustomGradientTests {
  /// x³ with its derivative written out; counts as any other op.
  private static func cube(_ x: Tensor) -> Tensor {
    Tensor.custom("cube", x, forward: { $0 * $0 * $0 }, backward: { g, x, _ in g * x * x * 3 })
  }

  /// Sine and cosine at once, each other's derivatives by way of the results.
  private static func sinCos(_ x: Tensor) -> [Tensor] {
    Tensor.custom("sinCos", [x]) {
      [$0[0].sin(), $0[0].cos()]
    } backward: { g, _, y in
      [g[0] * y[1] - g[1] * y[0]]
    }
  }

  @Test func theRuleReplacesTheDerivative() throws {
    let x = hostTensor([0.4, 1.6, -2.4], [3])
    let rounded = Tensor.custom("round", x, forward: { $0.round() }, backward: { g, _, _ in g })
    #expect(try hostNumbers(rounded) == [0, 2, -2])
    let sum = (rounded * hostTensor([1, 2, 3], [3])).sum()
    #expect(try hostNumbers(sum.gradients(with: [x])[0]) == [1, 2, 3])
  }

  @Test func gradientsOfGradientsFollowFromTheRule() throws {
    try expectGradients(at: unevenNumbers(4), [4], "cube") { Self.cube($0.sin()) }
    let x = hostTensor([2], [])
    let first = Self.cube(x).gradients(with: [x])[0]
    let second = first.gradients(with: [x])[0]
    #expect(try [first, second, second.gradients(with: [x])[0]].map { try hostNumbers($0)[0] } == [12, 12, 6])
  }

  @Test func severalResults() throws {
    try expectGradients(at: unevenNumbers(4), [4], "both") { x in
      let y = Self.sinCos(x * 2)
      return y[0] * y[0] * y[1]
    }
    // The rule needs both results, also where only one is used.
    try expectGradients(at: unevenNumbers(4), [4], "sine") { Self.sinCos($0)[0] }
    try expectGradients(at: unevenNumbers(4), [4], "cosine") { Self.sinCos($0)[1] }
  }

  @Test func severalInputs() throws {
    let (a, b, c) = (hostTensor([2, 3], [2]), hostTensor([5, 7], [2]), hostTensor([1, 0], [2], .int32))
    let y = Tensor.custom("scaled", [a, b, c]) {
      [$0[0] * $0[1], $0[2] + 1]
    } backward: { g, x, _ in
      [g[0] * x[1], nil, nil]
    }
    #expect(y[1].dtype == .int32)
    let gradients = (y[0] * 10).sum().gradients(with: [a, b])
    #expect(try gradients.map(hostNumbers) == [[50, 70], [0, 0]])
  }

  @Test func oneInputTwice() throws {
    let x = hostTensor([3], [])
    let y = Tensor.custom("product", [x, x]) {
      [$0[0] * $0[1]]
    } backward: { g, x, _ in
      [g[0] * x[1], g[0] * x[0]]
    }
    #expect(try hostNumbers(y[0].gradients(with: [x])[0]) == [6])
  }

  @Test func captureGetsNoGradient() throws {
    let (x, scale) = (hostTensor([3], []), hostTensor([2], []))
    let y = Tensor.custom("scale", x, forward: { $0 * scale }, backward: { g, _, _ in g * scale })
    #expect(try y.gradients(with: [x, scale]).map { try hostNumbers($0)[0] } == [2, 0])
  }

  @Test func aFunctionThatReturnsItsInput() throws {
    let x = hostTensor([3], [])
    let reversed = Tensor.custom("reverse", x, forward: { $0 }, backward: { g, _, _ in -g })
    #expect(try hostNumbers((reversed * 2 + x).gradients(with: [x])[0]) == [-1])
  }

  /// Once realized, a result passes gradients on, and what it was computed from is in memory too.
  @Test func realizedResults() throws {
    let x = hostTensor([2], []).trackingGradient()
    let y = Self.sinCos(x)
    let computed = y[0].node.sources[0]
    let storage = Storage(byteCount: 8)
    HostArray([0.5], [], .float64).write(to: storage.base)
    y[0].node.realize(into: storage)
    #expect(computed.storage === storage)
    #expect(try hostNumbers((y[0] + y[1]).gradients(with: [x])[0]) != [0])
    let constant = withoutGradient { Self.cube(x) }
    #expect(try hostNumbers(constant.gradients(with: [x])[0]) == [0])
  }

  @Test func longChainsAreBuiltAndFreed() throws {
    let x = hostTensor([1], [], .float32).trackingGradient()
    var y = x
    for _ in 0..<30_000 {
      let input = y
      y = Tensor.custom("same", y, forward: { $0 * 1 }, backward: { g, _, _ in g + input * 0 })
    }
    #expect(try hostNumbers(y.gradients(with: [x])[0]) == [1])
  }

  @Test(
    arguments: [
      ("backward gave 0 gradients for 1 inputs", 0), ("gave a gradient of float64[3] for input 0", 1),
      ("gave a gradient of float32[2] for input 0", 2), ("input 0, which is int64[2] and has none", 3),
    ]) func wrongGradientsStop(message: String, mistake: Int) async
  {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      [mistake = mistake as Int] in
      let x = hostTensor([1, 2], [2])
      let inputs = mistake == 3 ? [Tensor([1, 2]), x] : [x]
      let y = Tensor.custom("mine", inputs) {
        [$0[$0.count - 1] * 2]
      } backward: { _, x, _ in
        switch mistake {
        case 0: []
        case 1: [.zeros([3], dtype: .float64)]
        case 2: [.zeros([2])]
        case _: [.zeros([2]), x[1]]
        }
      }
      _ = y[0].sum().gradients(with: [x])
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("[mine]") && text.contains(message), "\(text)")
  }
}
