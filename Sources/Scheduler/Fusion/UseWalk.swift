import LazyOps

/// Finds where a staged node reads other staged nodes: walks its inline sources with symbolic indices.
struct UseWalk {
  let graph: Graph
  let isStaged: (Graph.ID) -> Bool
  /// Whether a node is an update in place, which does not read its target; its indices are those into its region.
  var isInPlace: (Graph.ID) -> Bool = { _ in false }
  /// Makes an index variable for a reduced axis, a window's offset, or an index read from a tensor.
  var makeIndex: (Int) -> Index
  /// Called for each read of a staged node.
  var found: (Graph.ID, [Index]) -> Void
  private var seen: Set<Read> = []
  private var standIns: [StandIn: Index] = [:]

  /// A masked position on an axis, for which a variable stands.
  private struct StandIn: Hashable {
    let position: Index
    let count: Int
  }

  private struct Read: Hashable {
    let node: Graph.ID
    let indices: [Index]
  }

  init(
    graph: Graph, isStaged: @escaping (Graph.ID) -> Bool, makeIndex: @escaping (Int) -> Index,
    found: @escaping (Graph.ID, [Index]) -> Void
  ) {
    self.graph = graph
    self.isStaged = isStaged
    self.makeIndex = makeIndex
    self.found = found
  }

  /// Walks the sources of `id`, whose own element is the one at `indices`.
  mutating func sources(of id: Graph.ID, at indices: [Index]) {
    let node = graph.nodes[id]
    if let source = node.sources.first,
      let moved = SourceIndices(
        node.op, at: indices, result: node.shape, source: graph.nodes[source].shape, bounded: { bounded($0, $1) })
    {
      return visit(source, at: moved.indices)
    }
    switch node.op {
    case .buffer, .constant, .argument, .length, .iota: return
    case .unary, .binary, .select, .cast, .bitcast, .detach, .barrier:
      for source in node.valueSources { visit(source, at: indices) }
    case .reduce(_, let axes):
      visit(node.sources[0], at: reducedIndices(of: node, axes: axes, at: indices))
    case .overlapAdd(let geometry):
      let source = graph.nodes[node.sources[0]].shape
      let turn = makeIndex(SourceIndices.turns(of: geometry))
      let moved = SourceIndices(
        overlapping: geometry, at: indices, turn: turn, source: source, bounded: { bounded($0, $1) })
      visit(node.sources[0], at: moved.indices)
    case .concatenate(let axis):
      var start = 0
      for source in node.sources {
        var moved = indices
        moved[axis] = bounded(indices[axis] - start, graph.nodes[source].shape[axis])
        visit(source, at: moved)
        start += graph.nodes[source].shape[axis]
      }
    case .scan: visit(node.sources[0], at: indices)
    case .radixPass(let digit):
      visit(node.sources[1], at: indices)
      var moved = indices
      moved[digit.axis] = makeIndex(node.shape[digit.axis])
      visit(node.sources[0], at: moved)
    case .gather(let axis):
      visit(node.sources[1], at: indices)
      var moved = indices
      moved[axis] = makeIndex(graph.nodes[node.sources[0]].shape[axis])
      visit(node.sources[0], at: moved)
    case .scatterAdd(let axis):
      if !isInPlace(id) { visit(node.sources[0], at: indices) }
      var moved = indices
      moved[axis] = makeIndex(graph.nodes[node.sources[1]].shape[axis])
      visit(node.sources[1], at: moved)
      visit(node.sources[2], at: moved)
    case .put(let axis):
      if !isInPlace(id) { visit(node.sources[0], at: indices) }
      let position = makeIndex(graph.nodes[node.sources[1]].shape[0])
      var moved = indices
      moved[axis] = position
      visit(node.sources[1], at: [position])
      visit(node.sources[2], at: moved)
    case .update where isInPlace(id): visit(node.sources[1], at: indices)
    case .update(let ranges):
      visit(node.sources[0], at: indices)
      let inside = SourceIndices(inside: ranges, at: indices, of: node.shape, bounded: { bounded($0, $1) })
      visit(node.sources[1], at: inside.indices)
    case .reshape, .permute, .expand, .slice, .pad, .window: preconditionFailure("bug: a movement op without a source")
    }
  }

  /// A variable for a position that is masked: which one does not matter, for it is none of the grid's.
  private mutating func bounded(_ position: Index, _ count: Int) -> Index {
    let bounds = position.bounds
    if count == 0 || bounds.lowerBound >= 0 && bounds.upperBound < count { return position }
    let standIn = StandIn(position: position, count: count)
    if let index = standIns[standIn] { return index }
    let index = makeIndex(count)
    standIns[standIn] = index
    return index
  }

  private func reducedIndices(of node: Graph.Vertex, axes: [Int], at indices: [Index]) -> [Index] {
    let source = graph.nodes[node.sources[0]].shape
    var kept = indices.makeIterator()
    return (0..<source.rank).map { axes.contains($0) ? makeIndex(source[$0]) : kept.next()! }
  }

  /// Walks a node that is read at `indices`.
  mutating func visit(_ id: Graph.ID, at indices: [Index]) {
    guard seen.insert(Read(node: id, indices: indices)).inserted else { return }
    if isStaged(id) { found(id, indices) } else { sources(of: id, at: indices) }
  }
}
