import LazyOps
import LazyRuntime
import TestSupport
import Testing

/// Random graphs, captured, give the bits they give uncaptured, while inputs, scalars and a cell change.
@Suite struct CapturedRandomTests {
  /// A random graph as a function of its leaves; one of these is in a cell, and one node is asked for on the way.
  struct Problem {
    let graph: Graph
    let leaves: [Tensor]
    let cell: Int?
    let early: Int

    init(seed: UInt64) {
      var graphs = RandomGraphs(seed: seed)
      let (graph, nodes) = Graph.snapshot(of: graphs.make().map(\.node))
      self.graph = graph
      leaves = nodes.map { Tensor(node: $0) }
      cell = leaves.firstIndex { $0.dtype == .float32 && $0.isRealized }
      early = graph.nodes.isEmpty ? 0 : Int(seed % UInt64(graph.nodes.count))
    }

    /// Returns the graph's outputs for other leaves.
    func callAsFunction(_ leaves: [Tensor]) -> [Tensor] {
      var (made, unbound): ([Tensor], ArraySlice<Tensor>) = ([], leaves[...])
      for (id, vertex) in graph.nodes.enumerated() {
        let sources = vertex.sources.map { made[$0].node }
        made.append(
          vertex.isLeaf
            ? unbound.removeFirst()
            : Tensor(node: Node(vertex.op, sources, shape: vertex.shape, dtype: vertex.dtype)))
        if id == early { made[id].realize() }
      }
      return graph.outputs.map { made[$0] }
    }

    /// The leaves in a call: floating-point ones are others each time; indices must stay valid.
    func leaves(call: Int) -> [Tensor] {
      leaves.map { leaf in
        if let value = leaf.node.argument, !leaf.isRealized {
          return Tensor.argument(value.double + Double(call), dtype: leaf.dtype)
        }
        return leaf.dtype.isFloatingPoint ? (leaf * (1 - 0.5 * Double(call))).realize() : leaf
      }
    }
  }

  private func bytes(_ tensors: [Tensor]) -> [[UInt8]] { tensors.map { $0.withUnsafeBytes { Array($0) } } }

  @Test(arguments: 0..<12) func capturedAndNot(block: Int) {
    for number in 0..<5 {
      let seed = UInt64(7_000_000 + 5 * block + number)
      let problem = Problem(seed: seed)
      let cell = problem.cell.map { TensorCell(problem.leaves[$0]) }
      var content = problem.cell.map { problem.leaves[$0] }
      let function = compiled { (leaves: [Tensor]) -> [Tensor] in
        var leaves = leaves
        if let cell, let place = problem.cell { leaves[place] = cell.value }
        let results = problem(leaves)
        if let cell { cell.value = cell.value * 0.5 + 0.25 }
        return results
      }
      for call in 0..<4 {
        var leaves = problem.leaves(call: call)
        let found = function(leaves)
        if let place = problem.cell { leaves[place] = content! }
        let expected = problem(leaves)
        Tensor.realize(expected)
        #expect(bytes(found) == bytes(expected), "seed \(seed), call \(call)")
        content = content.map { ($0 * 0.5 + 0.25).realize() }
        if let cell { #expect(bytes([cell.value]) == bytes([content!]), "seed \(seed), call \(call)") }
      }
    }
  }
}
