import LazyCodegen
import LazyOps
import LazyScheduler
import TestSupport
import Testing

/// Attention written as softmax(q kᵀ) v: what it becomes on each level.
@Suite struct AttentionTests {
  private static func schedule(_ tensors: [Tensor]) -> Schedule {
    let schedule = Schedule(Graph.snapshot(of: tensors.map(\.node)).graph)
    schedule.verify()
    return schedule
  }

  private static func leaf(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, [Float](repeating: 0.5, count: shape.elementCount))
  }

  @Test(arguments: AttentionForm.allCases) func forwardIsOneKernel(_ form: AttentionForm) {
    for (heads, queries, keys) in [(12, 256, 256), (2, 512, 1024), (12, 1, 1024), (8, 65, 1000), (12, 17, 400)] {
      let (y, _) = form.make(heads: heads, queries: queries, keys: keys, width: 64, Self.leaf)
      let schedule = Self.schedule([y])
      #expect(schedule.kernels.count == 1, "\(form) \(heads) \(queries) \(keys)\n\(schedule)")
      #expect(schedule.memory.byteCount == 0)
    }
  }

  /// Scores are computed once and kept nowhere: what all gradients need of them is in scratch.
  @Test(arguments: [AttentionForm.plain, .causal, .triangle, .added]) func backwardIsOneKernel(_ form: AttentionForm) {
    let (y, inputs) = form.make(heads: 4, queries: 1024, keys: 1024, width: 64, Self.leaf)
    let schedule = Self.schedule([y] + y.gradients(with: inputs, seed: y))
    #expect(schedule.kernels.count == 1 && schedule.kernels[0].sections.count == 1, "\(schedule)")
    #expect(schedule.memory.byteCount == 0, "\(schedule)")
    let gradients = Self.schedule(y.gradients(with: inputs, seed: Self.leaf(y.shape)))
    #expect(gradients.kernels.count == 1 && gradients.kernels[0].sections.count == 1, "\(gradients)")
  }

  /// Sums over queries are one thread's for each head. Few heads keep threads busy by a section of the keys.
  @Test func sumsOfFewHeadsAreApart() {
    let (y, inputs) = AttentionForm.plain.make(heads: 2, queries: 1024, keys: 1024, width: 64, Self.leaf)
    let schedule = Self.schedule([y] + y.gradients(with: inputs, seed: y))
    #expect(schedule.kernels.count == 2, "\(schedule)")
    #expect(schedule.memory.byteCount <= 4 * 1024 * 4 * 4, "\(schedule)")
  }

  @Test(arguments: AttentionForm.allCases) func allLevelsAgree(_ form: AttentionForm) throws {
    for (heads, queries, keys, width) in [(1, 40, 70, 12), (1, 1, 9, 4)] {
      let (y, _) = form.make(heads: heads, queries: queries, keys: keys, width: width) { LoweringTests.numbers($0) }
      try LoweringTests.check([y])
    }
  }

  /// A block of rows may be shorter than the others, and what it writes is read again by a contraction.
  @Test func weightsMayBeAnOutput() throws {
    let (q, k) = (LoweringTests.numbers([2, 32, 8]), LoweringTests.numbers([2, 47, 8]))
    let scores = q.matmul(k.transpose(1, 2))
    let weights = (scores - scores.max(axes: [-1], keepDimensions: true)).exp()
    try LoweringTests.check([weights.matmul(k), weights], tolerance: 1e-4)
  }

  /// A mask that is computed from indices shortens the loops over keys.
  @Test func maskedKeysAreLeftOut() throws {
    let (y, _) = AttentionForm.causal.make(heads: 2, queries: 256, keys: 256, width: 16, Self.leaf)
    let schedule = Self.schedule([y])
    let program = LoopProgram.optimized(schedule.kernels.last!.sections[0], in: schedule, vectorByteCount: 64)
    // Scores, maximum, exponentials with their sum, and the weighted sum: none runs over all keys.
    let uneven = program.loops.filter {
      $0.count.variables.contains { $0.extent > 4 } && $0.count.bounds.upperBound <= 256
    }
    #expect(uneven.count >= 4, "\(program)")
  }
}
