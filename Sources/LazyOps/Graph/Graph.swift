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

    /// Whether the node is a `buffer`, or a scalar handed over: its value is bound when the graph runs.
    package var isLeaf: Bool { op == .buffer || op.isScalarLeaf }

    /// The sources its elements are computed from: all, but for a `barrier` only the first.
    package var valueSources: [ID] { if case .barrier = op { [sources[0]] } else { sources } }
  }

  package var nodes: [Vertex]
  /// The nodes whose values are asked for; one may stand here twice.
  package var outputs: [ID]
  /// The positions, among the leaves, of those whose memory nobody else holds: a result may take it over.
  package var donated: [Int]
  /// Where outputs end at run-time lengths: nobody looks at what lies beyond.
  package var limits: [OutputLimit]

  package init(nodes: [Vertex] = [], outputs: [ID] = [], donated: [Int] = [], limits: [OutputLimit] = []) {
    self.nodes = nodes
    self.outputs = outputs
    self.donated = donated
    self.limits = limits
  }

  /// The leaves in order of their numbers.
  package var leaves: [ID] { nodes.indices.filter { nodes[$0].isLeaf } }
}

/// The end of an output's axis at a run-time length.
package struct OutputLimit: Hashable, Sendable {
  /// The output's position, and the shape it is asked for in.
  package let output: Int
  package let shape: Shape
  /// The axis of that shape.
  package let axis: Int
  /// The position of the length among the graph's leaves.
  package let leaf: Int

  package init(output: Int, shape: Shape, axis: Int, leaf: Int) {
    (self.output, self.shape, self.axis, self.leaf) = (output, shape, axis, leaf)
  }
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
