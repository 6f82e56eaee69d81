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

  package init(nodes: [Vertex] = [], outputs: [ID] = []) {
    self.nodes = nodes
    self.outputs = outputs
  }

  /// The leaves in order of their numbers.
  package var leaves: [ID] { nodes.indices.filter { nodes[$0].isLeaf } }
}

extension Graph {
  /// Copies what `roots` are computed from, down to realized nodes and other leaves.
  ///
  /// - Returns: the graph, whose outputs are `roots` in order, and the nodes behind its leaves, in leaf order.
  package static func snapshot(of roots: [Node]) -> (graph: Graph, leaves: [Node]) {
    var graph = Graph()
    var leaves: [Node] = []
    var numbers = IdentityMap()
    // A frame is a node whose sources have been read once, under its lock, and are being numbered.
    var frames: [(node: Node, op: Op, sources: [Node], next: Int)] = []

    func open(_ node: Node) {
      guard numbers[node] == nil else { return }
      let state = node.snapshot
      let isRealized = state.storage != nil
      frames.append((node, isRealized ? .buffer : node.op, isRealized ? [] : state.sources, 0))
    }

    for root in roots {
      open(root)
      while let frame = frames.last {
        if frame.next < frame.sources.count {
          frames[frames.count - 1].next += 1
          open(frame.sources[frame.next])
          continue
        }
        frames.removeLast()
        let sources = frame.sources.map { numbers[$0]! }
        numbers[frame.node] = graph.nodes.count
        graph.nodes.append(Vertex(frame.op, sources, shape: frame.node.shape, dtype: frame.node.dtype))
        if graph.nodes[graph.nodes.count - 1].isLeaf { leaves.append(frame.node) }
      }
    }
    graph.outputs = roots.map { numbers[$0]! }
    return (graph, leaves)
  }
}
