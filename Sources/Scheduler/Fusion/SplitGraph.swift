import LazyOps

/// A graph whose large reductions are done in parts.
struct SplitGraph {
  var graph = Graph()
  /// The nodes that hold a partial result for each chunk. What combines them stands behind a grid barrier.
  var partials: Set<Graph.ID> = []
}

extension Graph {
  /// Splits each large reduction to few elements in two: one to a partial result for each of a number of chunks, which
  /// threads share, and one over those, in order. How many chunks there are depends on the shape alone, so that
  /// results do not depend on the number of threads.
  func splittingReductions() -> SplitGraph {
    var result = SplitGraph()
    var renamed: [ID] = []
    for node in nodes {
      let sources = node.sources.map { renamed[$0] }
      if case .reduce(let op, let axes) = node.op, let split = reductionSplit(of: node, axes) {
        renamed.append(result.append(op, node, of: sources[0], split))
      } else {
        renamed.append(result.append(node.op, sources, node.shape, node.dtype))
      }
    }
    (result.graph.outputs, result.graph.donated) = (outputs.map { renamed[$0] }, donated)
    result.graph.limits = limits
    return result
  }
}

extension SplitGraph {
  fileprivate mutating func append(_ op: Op, _ sources: [Graph.ID], _ shape: Shape, _ dtype: DType) -> Graph.ID {
    graph.nodes.append(Graph.Vertex(op, sources, shape: shape, dtype: dtype))
    return graph.nodes.count - 1
  }

  fileprivate mutating func append(
    _ op: ReduceOp, _ node: Graph.Vertex, of source: Graph.ID, _ split: ReductionSplit
  ) -> Graph.ID {
    let whole = split.chunks * split.length
    let extent = split.shape[split.axis]
    let dtype = split.isWide && op == .sum && node.dtype == .float32 ? .float64 : node.dtype
    var chunked = reshape(slice(source, 0..<whole, of: split, node.dtype), split, node.dtype)
    chunked = cast(chunked, to: dtype)
    // The chunk takes the axis's place; what is left of the axis comes after it, and with it all later axes.
    var inner = split.axes.map { $0 >= split.axis ? $0 + 1 : $0 }
    var axis = split.axis - inner.filter { $0 < split.axis }.count
    if split.keepsChunksTogether {
      let shape = graph.nodes[chunked].shape
      let order = [split.axis] + (0..<shape.rank).filter { $0 != split.axis }
      chunked = append(.permute(order), [chunked], Shape(order.map { shape[$0] }), dtype)
      inner = inner.map { $0 < split.axis ? $0 + 1 : $0 }
      axis = 0
    }
    let extents = graph.nodes[chunked].shape.dimensions
    let kept = extents.indices.filter { !inner.contains($0) }.map { extents[$0] }
    let partial = append(.reduce(op, axes: inner), [chunked], Shape(kept), dtype)
    partials.insert(partial)
    let sum = append(.reduce(op, axes: [axis]), [partial], node.shape, dtype)
    guard whole < extent else { return cast(sum, to: node.dtype) }
    let rest = cast(slice(source, whole..<extent, of: split, node.dtype), to: dtype)
    let last = append(.reduce(op, axes: split.axes), [rest], node.shape, dtype)
    return cast(append(.binary(op.binary), [sum, last], node.shape, dtype), to: node.dtype)
  }

  private mutating func cast(_ source: Graph.ID, to dtype: DType) -> Graph.ID {
    let node = graph.nodes[source]
    return node.dtype == dtype ? source : append(.cast, [source], node.shape, dtype)
  }

  private mutating func slice(
    _ source: Graph.ID, _ range: Range<Int>, of split: ReductionSplit, _ dtype: DType
  ) -> Graph.ID {
    guard range.count < split.shape[split.axis] else { return source }
    var extents = split.shape.dimensions
    var ranges = extents.map { AxisRange(start: 0, step: 1, count: $0) }
    ranges[split.axis] = AxisRange(start: range.lowerBound, step: 1, count: range.count)
    extents[split.axis] = range.count
    return append(.slice(ranges), [source], Shape(extents), dtype)
  }

  private mutating func reshape(_ source: Graph.ID, _ split: ReductionSplit, _ dtype: DType) -> Graph.ID {
    var extents = split.shape.dimensions
    extents[split.axis] = split.length
    extents.insert(split.chunks, at: split.axis)
    return append(.reshape, [source], Shape(extents), dtype)
  }
}
