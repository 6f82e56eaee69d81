import LazyCodegen
import LazyOps
import LazyScheduler
import TestSupport
import Testing

/// What axes of run-time length become on each level.
@Suite struct LengthLoweringTests {
  private typealias Program = @Sendable (_ length: Length, _ bound: Int) -> Tensor

  private static func numbers(_ shape: Shape) -> Tensor { LoweringTests.numbers(shape) }

  /// Programs, and the bounds of their length.
  private static let programs: [(bound: Int, program: Program)] = [
    (40, { n, bound in numbers([bound, 70])[..<n].exp() + 1 }),
    (40, { n, bound in numbers([6, bound])[0..., ..<n].exp() + 1 }),
    (200, { n, bound in numbers([6, bound])[0..., ..<n].softmax(axis: 1) }),
    (30, { n, bound in numbers([bound, 50])[..<n].softmax(axis: 1) }),
    (30, { n, bound in numbers([bound, 50])[..<n].layerNorm() }),
    (90, { n, bound in numbers([5, bound])[0..., ..<n].sum(axis: 1) }),
    (90, { n, bound in numbers([bound, 50])[..<n].mean(axis: 0) }),
    (90, { n, bound in numbers([bound, 50])[..<n].cumsum(axis: 0) }),
    (90, { n, bound in numbers([50, bound])[0..., ..<n].argmax(axis: 1) }),
    (30, { n, bound in (numbers([bound, 37])[..<n].matmul(numbers([37, 26])) + numbers([26])).tanh() }),
    (30, { n, bound in numbers([13, 37]).matmul(numbers([37, bound])[0..., ..<n]).tanh() }),
    (70, { n, bound in numbers([13, bound])[0..., ..<n].matmul(numbers([bound, 26])[..<n]) + numbers([26]) }),
    (70, { n, bound in numbers([1, bound])[0..., ..<n].matmul(numbers([26, bound]).T[..<n]) }),
    (
      70,
      { n, bound in
        let x = numbers([3, bound, 12])[0..., ..<n]
        return Tensor.scaledDotProductAttention(numbers([3, 1, 12]), x, x + 1)
      }
    ),
    (
      90,
      { n, bound in
        let x = numbers([2, bound, 12])[0..., ..<n]
        return Tensor.scaledDotProductAttention(numbers([2, 40, 12]), x, x + 1)
      }
    ),
    (
      90,
      { n, bound in
        let x = numbers([2, bound, 12])[0..., ..<n]
        return Tensor.scaledDotProductAttention(x, x, x + 1, isCausal: true)
      }
    ),
    (
      90,
      { n, bound in
        let x = numbers([2, bound, 12])
        let part = x[0..., ..<n]
        let y = Tensor.scaledDotProductAttention(numbers([2, 40, 12]), part, part + 1)
        return y.gradients(with: [x], seed: y)[0]
      }
    ),
    (
      70,
      { n, bound in
        var x = numbers([4, bound])
        x[0..., ..<n] = x[0..., ..<n] * 2
        return x
      }
    ),
  ]

  @Test(arguments: programs.indices) func allLevelsAgree(_ number: Int) throws {
    let (bound, program) = Self.programs[number]
    // `LengthTests` runs all of them compiled.
    for count in number % 2 == 0 ? [1, bound - 1] : [7, bound] {
      try LoweringTests.check([program(Length(count, upTo: bound), bound)])
    }
  }

  @Test(arguments: 0..<8) func randomGraphs(block: Int) throws {
    for seed in 0..<10 {
      var graphs = RandomGraphs(seed: UInt64(block * 10 + seed), drawsLengths: true)
      try LoweringTests.check(graphs.make(), tolerance: 1e-4)
    }
  }

  /// No loop goes to the bound: each that is over the axis ends at the length.
  @Test func loopsEndAtTheLength() {
    let length = Length(9, upTo: 1009)
    let keys = Self.numbers([12, 1009, 64])[0..., ..<length]
    let x = Self.numbers([1009, 96])[..<length]
    let tensors = [
      Tensor.scaledDotProductAttention(Self.numbers([12, 1, 64]), keys, keys + 1),
      Tensor.scaledDotProductAttention(Self.numbers([12, 60, 64]), keys, keys + 1),
      x.sum(axis: 0), x.softmax(axis: 0), x.softmax(axis: 1), (x * 2).exp(), x.T.softmax(axis: 1),
      x.T.matmul(Self.numbers([1009, 64])[..<length]),
    ]
    for tensor in tensors {
      let schedule = Schedule(Graph.snapshot(of: [tensor.node]).graph)
      for section in schedule.kernels.flatMap(\.sections) {
        let program = LoopProgram.optimized(section, in: schedule, vectorByteCount: 64)
        let ends = Set(program.lengths.map(\.variable))
        #expect(!program.loops.contains { $0.count == .constant(1009) }, "\(program)")
        #expect(program.loops.contains { !ends.isDisjoint(with: $0.count.variables) }, "\(program)")
      }
    }
  }

  /// Rows beyond the length are no task of a matrix product.
  @Test func tilesBeyondTheLengthAreLeftOut() {
    let x = Self.numbers([1009, 96])[..<Length(9, upTo: 1009)]
    let schedule = Schedule(Graph.snapshot(of: [x.matmul(Self.numbers([96, 128])).node]).graph)
    let program = LoopProgram.optimized(schedule.kernels[0].sections[0], in: schedule, vectorByteCount: 64)
    var branches = 0
    program.body.forEachStatement { if case .branch = $0 { branches += 1 } }
    #expect(program.lengths.count == 1 && branches > 0, "\(program)")
  }
}
