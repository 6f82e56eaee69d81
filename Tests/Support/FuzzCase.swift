package import LazyOps

/// A graph with the numbers in its leaves, and how it is to be realized: what a fuzzing campaign tries.
package struct FuzzCase: Sendable {
  package var graph: Graph
  /// The values of the leaves, in their order.
  package var leaves: [HostArray]
  /// Nodes that are realized first, in a step of their own.
  package var early: [Graph.ID]
  /// Whether the leaves are held, and so must not change, while the graph runs.
  package var holdsLeaves: Bool

  /// Returns the graph of tensors as it is pending now, with the values of its leaves.
  package init(_ tensors: [Tensor], holdsLeaves: Bool = true) {
    let (graph, leaves) = Graph.snapshot(of: tensors.map(\.node))
    self.init(graph, leaves.map { HostArray($0) }, holdsLeaves: holdsLeaves)
  }

  /// Creates a case of a graph and the values of its leaves.
  package init(_ graph: Graph, _ leaves: [HostArray], early: [Graph.ID] = [], holdsLeaves: Bool = true) {
    (self.graph, self.leaves, self.early, self.holdsLeaves) = (graph, leaves, early, holdsLeaves)
  }

  /// The values of the nodes to be realized early, and then of the outputs, by the evaluator. Throws `IndexOutOfRange`.
  package func evaluate() throws -> [HostArray] {
    var graph = graph
    graph.outputs = early + graph.outputs
    return try graph.evaluate(leaves: leaves)
  }

  /// Makes the nodes anew: nobody else holds them, their leaves or what they share.
  package func nodes() -> (leaves: [Node], early: [Node], outputs: [Node]) {
    let bound = zip(graph.leaves, leaves).map { id, value -> Node in
      let vertex = graph.nodes[id]
      if vertex.op == .buffer { return value.leaf }
      return Node(vertex.op, shape: vertex.shape, dtype: vertex.dtype, argument: value.first)
    }
    let made = nodes(on: bound)
    return (bound, early.map { made[$0] }, graph.outputs.map { made[$0] })
  }

  /// Makes the nodes anew, on leaves of one's own.
  package func nodes(on leaves: [Node]) -> [Node] {
    var made: [Node] = []
    var unbound = leaves.makeIterator()
    for vertex in graph.nodes {
      let sources = vertex.sources.map { made[$0] }
      made.append(
        vertex.isLeaf ? unbound.next()! : Node(vertex.op, sources, shape: vertex.shape, dtype: vertex.dtype))
    }
    return made
  }
}

extension FuzzCase: CustomStringConvertible {
  /// The graph as text, with what the leaves hold where they are short, and the steps.
  package var description: String {
    var values = leaves.makeIterator()
    var lines = graph.nodes.indices.map { id -> String in
      guard graph.nodes[id].isLeaf, let value = values.next() else { return graph.describe(id) }
      let numbers = value.doubles
      let text = numbers.prefix(16).map { "\($0)" }.joined(separator: ", ")
      return graph.describe(id) + "  // " + text + (numbers.count > 16 ? ", ..." : "")
    }
    lines.append("return" + graph.outputs.map { " %\($0)" }.joined(separator: ","))
    if !early.isEmpty { lines.append("// realized first:" + early.map { " %\($0)" }.joined(separator: ",")) }
    if holdsLeaves { lines.append("// the leaves are held") }
    return lines.joined(separator: "\n")
  }
}

extension HostArray {
  /// The first element, or 0 where there is none: the value of an argument.
  var first: Scalar {
    switch elements {
    case .real(let values): .real(values.first ?? 0)
    case .integer(let values): .integer(values.first ?? 0)
    }
  }
}
