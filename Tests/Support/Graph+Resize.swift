import LazyOps

extension Graph {
  /// Returns the graph with every extent of one number replaced by a smaller one, and all that follows from it; nil
  /// where the ops do not fit any more.
  func resized(_ extent: Int, to smaller: Int) -> Graph? {
    var graph = self
    func renamed(_ shape: Shape) -> Shape { Shape(shape.dimensions.map { $0 == extent ? smaller : $0 }) }
    for (id, node) in nodes.enumerated() {
      let sources = node.sources.map { graph.nodes[$0].shape }
      let old = node.sources.map { nodes[$0].shape }
      guard let (op, shape) = node.op.resized(sources, from: old, renamed(node.shape), from: node.shape) else {
        return nil
      }
      graph.nodes[id].op = op
      graph.nodes[id].shape = shape
    }
    return graph == self || graph.fault != nil ? nil : graph
  }
}

extension Op {
  /// Returns the op and the shape of its result for sources of other shapes than before. `renamed` is the shape that the
  /// result would have if only numbers were replaced.
  fileprivate func resized(_ sources: [Shape], from old: [Shape], _ renamed: Shape, from shape: Shape) -> (Op, Shape)? {
    switch self {
    case .buffer, .constant, .argument, .length, .iota: return (self, renamed)
    case .unary, .binary, .select, .cast, .bitcast, .detach, .barrier, .scatterAdd, .put, .scan, .radixPass:
      return (self, sources[0])
    case .reduce(_, let axes): return (self, sources[0].removing(axes))
    case .reshape:
      if renamed.elementCount == sources[0].elementCount { return (self, renamed) }
      // The extents that changed may have been merged into one, or come from one that was split.
      let (count, wanted) = (shape.elementCount, sources[0].elementCount)
      for axis in 0..<shape.rank where count > 0 && shape[axis] * wanted % count == 0 {
        return (self, shape.replacing(axis, by: shape[axis] * wanted / count))
      }
      return nil
    case .permute(let order): return (self, Shape(order.map { sources[0][$0] }))
    case .expand:
      let extents = (0..<shape.rank).map { old[0][$0] == shape[$0] ? sources[0][$0] : renamed[$0] }
      return (self, Shape(extents))
    case .slice(let ranges):
      let clipped = ranges.enumerated().map { $1.clipped(from: old[0][$0], to: sources[0][$0]) }
      return (.slice(clipped), Shape(clipped.map(\.count)))
    case .pad(let ranges):
      let fitting = ranges.enumerated().map { AxisRange(start: $1.start, step: $1.step, count: sources[0][$0]) }
      let extents = ranges.enumerated().map { shape[$0] - (old[0][$0] - sources[0][$0]) * abs($1.step) }
      let shifted = fitting.enumerated().map { axis, range in
        range.step > 0
          ? range
          : AxisRange(start: range.start - (shape[axis] - extents[axis]), step: range.step, count: range.count)
      }
      return extents.allSatisfy { $0 >= 0 } ? (.pad(shifted), Shape(extents)) : nil
    case .window(let geometry): return (self, sources[0].windowed(by: geometry))
    case .overlapAdd(let geometry):
      let lost = (old[0][geometry.axis] - sources[0][geometry.axis]) * geometry.stride
      let rest = Array(sources[0].dimensions.dropLast())
      guard rest.count == shape.rank, shape[geometry.axis] >= lost else { return nil }
      return (self, Shape(rest).replacing(geometry.axis, by: shape[geometry.axis] - lost))
    case .concatenate(let axis):
      return (self, sources[0].replacing(axis, by: sources.reduce(0) { $0 + $1[axis] }))
    case .gather: return (self, sources[1])
    case .update(let ranges):
      let clipped = ranges.enumerated().map { $1.clipped(from: old[0][$0], to: sources[0][$0]) }
      return (.update(clipped), sources[0])
    }
  }
}

extension AxisRange {
  /// Returns the positions on an axis of a smaller extent: those that run backwards from its end go on to do so.
  fileprivate func clipped(from extent: Int, to smaller: Int) -> AxisRange {
    if extent == smaller || count == 0 { return self }
    if step < 0 {
      let first = start - (extent - smaller)
      return AxisRange(start: max(0, first), step: step, count: first < 0 ? 0 : min(count, first / -step + 1))
    }
    return AxisRange(
      start: min(start, max(0, smaller - 1)), step: step,
      count: start < smaller ? min(count, (smaller - 1 - start) / step + 1) : 0)
  }
}

extension HostArray {
  /// Returns the elements at the front of every axis.
  func cropped(to shape: Shape) -> HostArray {
    if shape == self.shape { return self }
    let ranges = shape.dimensions.map { AxisRange(start: 0, count: $0) }
    let whole = Graph.Vertex(.buffer, [], shape: self.shape, dtype: dtype)
    let part = Graph.Vertex(.slice(ranges), [0], shape: shape, dtype: dtype)
    guard let result = try? Graph(nodes: [whole, part], outputs: [1]).evaluate(leaves: [self]) else {
      preconditionFailure("bug: \(shape) is not at the front of \(self.shape)")
    }
    return result[0]
  }
}
