import LazyOps

extension Graph {
  /// Splits each large reduction to few elements in two: one to a partial result for each of a fixed number of chunks,
  /// which threads share, and one over those, in order. How many chunks there are depends on the shape alone, so that
  /// results do not depend on the number of threads.
  func splittingReductions() -> Graph {
    var result = Graph()
    var renamed: [ID] = []
    for node in nodes {
      let sources = node.sources.map { renamed[$0] }
      if case .reduce(let op, let axes) = node.op, let split = split(node, axes) {
        renamed.append(result.appendSplit(op, node, of: sources[0], split))
      } else {
        result.nodes.append(Vertex(node.op, sources, shape: node.shape, dtype: node.dtype))
        renamed.append(result.nodes.count - 1)
      }
    }
    result.outputs = outputs.map { renamed[$0] }
    return result
  }

  /// Where to cut: the axis, and the chunks it falls into.
  private struct Split {
    let axis: Int
    let chunks: Int
    let axes: [Int]
    let shape: Shape
  }

  /// Finds the outermost reduced axis that falls into equal chunks; nil where the reduction is better left whole.
  private func split(_ node: Vertex, _ axes: [Int]) -> Split? {
    let shape = nodes[node.sources[0]].shape
    guard node.shape.elementCount < CostModel.parallelPoints, shape.elementCount >= CostModel.splitReduction else {
      return nil
    }
    for axis in axes {
      let chunks = CostModel.reductionChunks.first { shape[axis] % $0 == 0 && shape[axis] > $0 }
      if let chunks { return Split(axis: axis, chunks: chunks, axes: axes, shape: shape) }
    }
    return nil
  }

  private mutating func appendSplit(_ op: ReduceOp, _ node: Vertex, of source: ID, _ split: Split) -> ID {
    var extents = split.shape.dimensions
    extents[split.axis] /= split.chunks
    extents.insert(split.chunks, at: split.axis)
    // The chunk takes the axis's place; what is left of the axis comes after it, and with it all later axes.
    let inner = split.axes.map { $0 >= split.axis ? $0 + 1 : $0 }
    let earlier = inner.filter { $0 < split.axis }.count
    let kept = extents.indices.filter { !inner.contains($0) }.map { extents[$0] }
    func append(_ op: Op, _ source: ID, _ shape: Shape) -> ID {
      nodes.append(Vertex(op, [source], shape: shape, dtype: node.dtype))
      return nodes.count - 1
    }
    let chunked = append(.reshape, source, Shape(extents))
    let partial = append(.reduce(op, axes: inner), chunked, Shape(kept))
    return append(.reduce(op, axes: [split.axis - earlier]), partial, node.shape)
  }
}
