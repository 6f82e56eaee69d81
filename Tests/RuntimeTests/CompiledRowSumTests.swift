import LazyOps
import LazyRuntime
import LazyScheduler
import TestSupport
import Testing

/// Sums over rows that are added up while a section goes along the rows agree with the graph evaluator.
@Suite struct CompiledRowSumTests {
  private func numbers(_ shape: Shape, _ factor: Int) -> Tensor {
    Tensor(shape: shape, (0..<shape.elementCount).map { Float(($0 * factor) % 103) / 50 - 1 })
  }

  private func check(_ tensors: [Tensor], sumsRows: Bool, _ name: String) throws {
    let (graph, leaves) = Graph.snapshot(of: tensors.map(\.node))
    let schedule = Schedule(graph)
    #expect(schedule.kernels.flatMap(\.sections).contains(where: \.hasRowSums) == sumsRows, "\(name)\n\(schedule)")
    let expected = try graph.evaluate(leaves: leaves.map { HostArray($0) })
    try Tensor.tryRealize(tensors)
    for (position, (tensor, host)) in zip(tensors, expected).enumerated() {
      let fault = disagreement(HostArray(tensor.node), host, tolerance: 1e-3)
      #expect(fault == nil, "\(name), output \(position)")
    }
  }

  /// A norm's gradients: with respect to x in rows, with respect to weight and bias sums over rows. Rows that no chunks
  /// divide are left as they are.
  @Test(arguments: [[512, 300], [3, 160, 300], [4, 64, 768], [4099, 40]])
  func norms(_ extents: [Int]) throws {
    let shape = Shape(extents)
    func tensors(_ make: (Tensor, Tensor, Tensor) -> Tensor, of count: Int) -> [Tensor] {
      let inputs = [numbers(shape, 37), numbers([extents.last!], 11), numbers([extents.last!], 7)]
      let y = make(inputs[0], inputs[1], inputs[2])
      return [y] + y.gradients(with: Array(inputs.prefix(count)), seed: numbers(shape, 53))
    }
    let isWhole = extents != [4099, 40]
    let norm = tensors({ $0.layerNorm(axes: [-1], weight: $1, bias: $2) }, of: 3)
    try check(norm, sumsRows: isWhole, "layer norm \(shape)")
    let gradients = tensors({ x, weight, _ in x.layerNorm(axes: [-1], weight: weight) }, of: 2).dropFirst()
    try check(Array(gradients), sumsRows: isWhole, "its gradients \(shape)")
    let root = tensors({ x, weight, _ in x.rmsNorm(axes: [-1], weight: weight) }, of: 2)
    try check(root, sumsRows: isWhole, "RMS norm \(shape)")
  }
}
