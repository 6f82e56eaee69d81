import LazyOps
import LazyRuntime
import TestSupport
import Testing

/// Compiled attention agrees with the graph evaluator, for sizes that no block divides and masks of all kinds.
@Suite struct CompiledAttentionTests {
  private func numbers(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, (0..<shape.elementCount).map { Float(($0 * 37) % 101) / 50 - 1 })
  }

  private func check(_ tensors: [Tensor], _ name: String, tolerance: Double = 1e-4) throws {
    let (graph, leaves) = Graph.snapshot(of: tensors.map(\.node))
    let expected = try graph.evaluate(leaves: leaves.map { HostArray($0) })
    try Tensor.tryRealize(tensors)
    for (position, (tensor, host)) in zip(tensors, expected).enumerated() {
      let fault = disagreement(HostArray(tensor.node), host, tolerance: tolerance)
      #expect(fault == nil, "\(name), output \(position)")
    }
  }

  @Test(arguments: AttentionForm.allCases) func forward(_ form: AttentionForm) throws {
    var tensors: [Tensor] = []
    for (heads, queries, keys, width) in [
      (2, 1, 1000, 16), (1, 2, 65, 64), (3, 17, 17, 64), (1, 65, 65, 16), (1, 70, 300, 8), (1, 100, 2, 32),
      (1, 64, 1, 8),
    ] {
      tensors.append(form.make(heads: heads, queries: queries, keys: keys, width: width, numbers).output)
    }
    try check(tensors, "\(form)")
  }

  @Test(arguments: [AttentionForm.plain, .causal, .added, .projected]) func backward(_ form: AttentionForm) throws {
    let (y, inputs) = form.make(heads: 2, queries: 184, keys: 184, width: 4, numbers)
    try check([y] + y.gradients(with: inputs, seed: y * 0.5 + 1), "\(form)", tolerance: 1e-3)
  }

  /// Enough heads for sums over queries to be added up in one pass.
  @Test(arguments: [AttentionForm.plain, .causal, .added, .projected]) func backwardInOnePass(_ form: AttentionForm)
    throws
  {
    for (heads, queries, keys, width) in [(4, 100, 100, 16), (5, 67, 90, 8)] {
      let (y, inputs) = form.make(heads: heads, queries: queries, keys: keys, width: width, numbers)
      let gradients = y.gradients(with: inputs, seed: y * 0.5 + 1)
      try check([y] + gradients, "\(form) \(heads)", tolerance: 1e-3)
      try check(gradients, "\(form) \(heads), gradients alone", tolerance: 1e-3)
    }
  }

  @Test(arguments: [DType.float16, .bfloat16]) func halfPrecision(_ dtype: DType) throws {
    let (y, _) = AttentionForm.causal.make(heads: 2, queries: 100, keys: 100, width: 16) { numbers($0).cast(to: dtype) }
    try check([y], "\(dtype)", tolerance: dtype == .float16 ? 2e-3 : 2e-2)
  }
}
