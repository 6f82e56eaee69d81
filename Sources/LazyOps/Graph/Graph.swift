/// The pending graph at one moment, copied into arrays: what every later level works on.
///
/// Nodes stand in topological order, sources first. Two snapshots of the same structure are equal, whatever numbers
/// their leaves hold: this is the key of the schedule cache.
package struct Graph: Hashable, Sendable {
  /// A node by its number in `nodes`.
  package typealias ID = Int

  /// One node; `sources` are numbers of earlier nodes.
  package struct Vertex: Hashable, Sendable {
    package var op: Op
    package var sources: [ID]
    package var shape: Shape
    package var dtype: DType

    package init(_ op: Op, _ sources: [ID], shape: Shape, dtype: DType) {
      self.op = op
      self.sources = sources
      self.shape = shape
      self.dtype = dtype
    }

    /// Whether the node is a `buffer` or an `argument`: its value is bound when the graph runs.
    package var isLeaf: Bool { op == .buffer || op == .argument }

    /// The sources its elements are computed from: all, but for a `barrier` only the first.
    package var valueSources: [ID] { if case .barrier = op { [sources[0]] } else { sources } }
  }

  package var nodes: [Vertex]
  /// The nodes whose values are asked for; one may stand here twice.
  package var outputs: [ID]
  /// The positions, among the leaves, of those whose memory nobody else holds: a result may take it over.
  package var donated: [Int]

  package init(nodes: [Vertex] = [], outputs: [ID] = [], donated: [Int] = []) {
    self.nodes = nodes
    self.outputs = outputs
    self.donated = donated
  }

  /// The leaves in order of their numbers.
  package var leaves: [ID] { nodes.indices.filter { nodes[$0].isLeaf } }
}

extension Graph {
  /// Copies what `roots` are computed from, down to realized nodes and other leaves.
  ///
  /// - Returns: the graph, whose outputs are `roots` in order, and the nodes behind its leaves, in leaf order.
  package static func snapshot(of roots: [Node]) -> (graph: Graph, leaves: [Node]) {
    let snapshot = Snapshot(of: roots)
    return (snapshot.graph, snapshot.leaves)
  }
}
