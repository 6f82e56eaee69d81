/// The pending graph behind some nodes at one moment, with the nodes it was copied from.
///
/// Shapes are those memory is laid out for: what a run-time length cuts off has been masked where it would have counted.
///
/// Realizing can *take it apart*: every node that will hold its sources no longer once the roots are computed lets go of
/// them beforehand. The snapshot then has the only reference to all that the rest of the program cannot reach, and the
/// memory of such leaves may be written over.
///
/// That is safe beside other threads. A reference that is unique cannot be copied by anybody but its holder, and the
/// holder is this snapshot: sources are taken out under their node's lock, and whoever had copied them before keeps what
/// they refer to from being unique. The roots themselves may be held by anyone: who meets one whose sources are taken
/// waits until it is realized, or has them back because computing it failed.
package struct Snapshot {
  /// The copy; its outputs are the roots, in order.
  package private(set) var graph = Graph()
  /// The node behind each vertex.
  private var nodes: [Node] = []
  /// The vertices whose nodes have let go of their sources, and the leaves whose elements have been taken.
  private var taken: [Graph.ID] = []
  private var storages: [Graph.ID: Storage] = [:]

  /// Copies what `roots` are computed from, down to realized nodes and other leaves.
  ///
  /// - Parameter wait: is called again and again while a thread that realizes the node it is given has the node's
  ///   sources.
  package init(of roots: [Node], waitingFor wait: (Node) -> Void = { _ in }) {
    var numbers = IdentityMap()
    // A frame is a node whose sources have been read once, under its lock, and are being numbered.
    var frames: [(node: Node, op: Op, sources: [Node], next: Int)] = []

    func open(_ node: Node) {
      guard numbers[node] == nil else { return }
      var state = node.snapshot
      while state.isTaken(from: node.op) {
        wait(node)
        state = node.snapshot
      }
      let isRealized = state.storage != nil
      frames.append((node, isRealized ? .buffer : node.op, isRealized ? [] : state.sources, 0))
    }

    func copy(_ node: Node) {
      open(node)
      while let frame = frames.last {
        if frame.next < frame.sources.count {
          frames[frames.count - 1].next += 1
          open(frame.sources[frame.next])
          continue
        }
        frames.removeLast()
        let sources = frame.sources.map { numbers[$0]! }
        numbers[frame.node] = graph.nodes.count
        graph.nodes.append(.init(frame.op, sources, shape: frame.node.shape.laidOut, dtype: frame.node.dtype))
        nodes.append(frame.node)
      }
    }

    for root in roots { copy(root) }
    for root in roots where root.shape.isVariable {
      for extent in root.shape.extents { if let length = extent.length { copy(length.node) } }
    }
    graph.outputs = roots.map { numbers[$0]! }
    addLimits(roots) { numbers[$0]! }
  }

  /// Notes where roots end at run-time lengths.
  private mutating func addLimits(_ roots: [Node], number: (Node) -> Graph.ID) {
    guard roots.contains(where: \.shape.isVariable) else { return }
    let leaves = graph.leaves
    for (position, root) in roots.enumerated() {
      for (axis, extent) in root.shape.extents.enumerated() {
        guard let length = extent.length, let leaf = leaves.firstIndex(of: number(length.node)) else { continue }
        graph.limits.append(OutputLimit(output: position, shape: root.shape.laidOut, axis: axis, leaf: leaf))
      }
    }
  }

  /// The nodes behind the graph's leaves, in leaf order.
  package var leaves: [Node] { graph.leaves.map { nodes[$0] } }

  /// Takes the graph apart and marks as donated the leaves that nobody else holds; `restore` undoes it.
  ///
  /// - Returns: the elements of those leaves, by their positions among the leaves; their nodes hold them no longer.
  package mutating func takeApart() -> [Int: Storage] {
    let roots = Set(graph.outputs)
    // Who holds a node stands after it: when its turn comes, they have let go of it, or they keep it.
    for id in nodes.indices.reversed() {
      if graph.nodes[id].isLeaf {
        guard isKnownUniquelyReferenced(&nodes[id]) else { continue }
        storages[id] = nodes[id].takeStorage()
      } else if roots.contains(id) ? nodes[id].keepsNoHistory : isKnownUniquelyReferenced(&nodes[id]) {
        _ = nodes[id].takeSources()
        taken.append(id)
      }
    }
    guard !storages.isEmpty else { return [:] }
    var donated: [Int: Storage] = [:]
    for (position, id) in graph.leaves.enumerated() { donated[position] = storages[id] }
    graph.donated = donated.keys.sorted()
    return donated
  }

  /// Gives all nodes back what was taken from them: the roots are pending as before.
  package mutating func restore() {
    for id in taken { nodes[id].giveBack(sources: graph.nodes[id].sources.map { nodes[$0] }) }
    for (id, storage) in storages { nodes[id].giveBack(storage: storage) }
    (taken, storages, graph.donated) = ([], [:], [])
  }
}
