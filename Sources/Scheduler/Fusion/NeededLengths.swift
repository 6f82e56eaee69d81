package import LazyOps

/// Up to which run-time lengths the elements of a graph's nodes are needed: those beyond are replaced wherever they are
/// read, or belong to an output that nobody reads there.
package struct NeededLengths {
  /// For each node and each of its axes the node of the length below which its elements are needed; nil where all are.
  package private(set) var ends: [[Graph.ID?]]
  private var isRead: [Bool]

  package init(_ graph: Graph) {
    ends = graph.nodes.map { .init(repeating: nil, count: $0.shape.rank) }
    isRead = .init(repeating: false, count: graph.nodes.count)
    let leaves = graph.leaves
    guard leaves.contains(where: { if case .length = graph.nodes[$0].op { true } else { false } }) else { return }
    for (position, output) in graph.outputs.enumerated() {
      var own = ends[output].map { _ in Graph.ID?.none }
      for limit in graph.limits where limit.output == position {
        if let axis = limit.axis(in: graph.nodes[output].shape) { own[axis] = leaves[limit.leaf] }
      }
      need(output, own, graph)
    }
    for id in graph.nodes.indices.reversed() where isRead[id] {
      let node = graph.nodes[id]
      for (place, source) in node.sources.enumerated() {
        need(source, sourceEnds(of: node, at: place, ends[id], graph), graph)
      }
    }
  }

  /// Notes that elements of a node below `own` are needed.
  private mutating func need(_ id: Graph.ID, _ own: [Graph.ID?], _ graph: Graph) {
    let own = own.enumerated().map { axis, length -> Graph.ID? in
      // A length that may go beyond the axis takes nothing away for sure.
      guard let length, case .length(let bound) = graph.nodes[length].op, bound <= graph.nodes[id].shape[axis] else {
        return nil
      }
      return length
    }
    ends[id] = isRead[id] ? zip(ends[id], own).map { $0 == $1 ? $0 : nil } : own
    isRead[id] = true
  }

  /// What is needed of a source for the elements of a node below `own`.
  private func sourceEnds(of node: Graph.Vertex, at place: Int, _ own: [Graph.ID?], _ graph: Graph) -> [Graph.ID?] {
    let source = graph.nodes[node.sources[place]].shape
    let all = [Graph.ID?](repeating: nil, count: source.rank)
    func except(_ axis: Int) -> [Graph.ID?] { own.enumerated().map { $0 == axis ? nil : $1 } }
    func region(_ ranges: [AxisRange]) -> [Graph.ID?] {
      zip(own, ranges).map { $1.start == 0 && $1.step == 1 ? $0 : nil }
    }
    switch node.op {
    case .buffer, .constant, .argument, .length, .iota, .radixPass: return all
    case .unary, .binary, .cast, .bitcast, .detach, .scan: return own
    case .barrier: return place == 0 ? own : all
    case .select:
      guard place == 1, let (axis, length) = graph.lengthMask(node) else { return own }
      return own.enumerated().map { $0 == axis ? $1 ?? length : $1 }
    case .reduce(_, let axes):
      var kept = own.makeIterator()
      return (0..<source.rank).map { axes.contains($0) ? nil : kept.next()! }
    case .reshape:
      var ends = all
      for (axis, length) in own.enumerated() where length != nil {
        if let place = node.shape.counterpart(of: axis, in: source) { ends[place] = length }
      }
      return ends
    case .permute(let order):
      var ends = all
      for (axis, from) in order.enumerated() { ends[from] = own[axis] }
      return ends
    case .expand: return own.enumerated().map { source[$0] == node.shape[$0] ? $1 : nil }
    case .slice(let ranges), .pad(let ranges): return region(ranges)
    case .window(let geometry): return Array(except(geometry.axis).dropLast())
    case .overlapAdd(let geometry): return except(geometry.axis) + [nil]
    case .concatenate(let axis): return except(axis)
    // Indices must be valid wherever a section that does not end reads them.
    case .gather(let axis): return place == 0 ? except(axis) : all
    case .scatterAdd(let axis): return place == 0 ? own : place == 1 ? all : except(axis)
    case .put(let axis): return place == 0 ? own : place == 1 ? all : except(axis)
    case .update(let ranges): return place == 0 ? own : region(ranges)
    }
  }
}

extension OutputLimit {
  /// The axis the limit is for in the shape that the output's node has: another one of the same elements, perhaps.
  fileprivate func axis(in shape: Shape) -> Int? { self.shape.counterpart(of: axis, in: shape) }
}

extension Shape {
  /// The axis of a shape of as many elements that has the extent of one here, and as many elements behind it.
  fileprivate func counterpart(of axis: Int, in other: Shape) -> Int? {
    let strides = other.strides
    return other.extents.indices.first { other[$0] == self[axis] && strides[$0] == self.strides[axis] }
  }
}
