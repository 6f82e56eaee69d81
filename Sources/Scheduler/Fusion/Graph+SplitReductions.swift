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
      if case .reduce(let op, let axes) = node.op, let split = split(node, axes) {
        renamed.append(result.append(op, node, of: sources[0], split))
      } else {
        renamed.append(result.append(node.op, sources, node.shape, node.dtype))
      }
    }
    (result.graph.outputs, result.graph.donated) = (outputs.map { renamed[$0] }, donated)
    result.graph.limits = limits
    return result
  }

  /// Where a reduction is cut.
  fileprivate struct Split {
    let axes: [Int]
    let shape: Shape
    /// The axis that falls into chunks, how many they are, and how long each is; what is left of the axis is short.
    let axis: Int
    let chunks: Int
    let length: Int
    /// Whether the partial results of a chunk lie together, rather than those of one result.
    var keepsChunksTogether = false
    /// Whether sums of `float32` are kept in `float64`: where memory is waited for anyway, millions of roundings need not be.
    var isWide = false
  }

  /// Finds the reduced axis to cut; nil where the reduction is better left whole.
  private func split(_ node: Vertex, _ axes: [Int]) -> Split? {
    let shape = nodes[node.sources[0]].shape
    guard shape.elementCount >= CostModel.splitReduction else { return nil }
    if let split = splitStreamedMatrix(node, axes) { return split }
    if isProductOfRepeated(node.sources[0]), let split = splitContraction(node, axes) { return split }
    // Rows are shared among threads as they are. Columns lie side by side: only few threads could have some each.
    let reducesRows = axes.contains(shape.rank - 1)
    let limit = reducesRows || isProductOfRepeated(node.sources[0]) ? CostModel.parallelPoints : CostModel.splitColumns
    guard node.shape.elementCount < limit else { return nil }
    let wanted = Swift.min(
      shape.elementCount / CostModel.chunkElements,
      reducesRows ? CostModel.reductionChunks.rows : CostModel.reductionChunks.columns)
    guard
      let axis = axes.first(where: { shape[$0] >= wanted * CostModel.chunkRows })
        ?? axes.max(by: { shape[$0] < shape[$1] })
    else { return nil }
    let most = Swift.min(wanted, shape[axis] / (reducesRows ? 1 : CostModel.chunkRows))
    guard most > 1 else { return nil }
    // The number that leaves least over; of equal ones the largest.
    let chunks = (most / 2 + 1...most).reversed().min { shape[axis] % $0 < shape[axis] % $1 } ?? most
    return Split(
      axes: axes, shape: shape, axis: axis, chunks: chunks, length: shape[axis] / chunks,
      isWide: reducesRows && !isProductOfRepeated(node.sources[0]))
  }

  /// Where to cut a contraction of few results, each a very long sum: a weight's gradient, say.
  private func splitContraction(_ node: Vertex, _ axes: [Int]) -> Split? {
    let shape = nodes[node.sources[0]].shape
    let depth = axes.reduce(1) { $0 * shape[$1] }
    guard node.shape.elementCount <= CostModel.splitContraction.results else { return nil }
    let most = Swift.min(CostModel.splitContraction.chunks, depth / CostModel.splitContraction.products)
    guard most > 1,
      let axis = axes.first(where: { shape[$0] >= most }) ?? axes.max(by: { shape[$0] < shape[$1] })
    else { return nil }
    let wanted = Swift.min(most, shape[axis])
    guard wanted > 1 else { return nil }
    let chunks = (wanted / 2 + 1...wanted).reversed().min { shape[axis] % $0 < shape[axis] % $1 } ?? wanted
    return Split(axes: axes, shape: shape, axis: axis, chunks: chunks, length: shape[axis] / chunks)
  }

  /// Where to cut the sum of a matrix's rows, each times an element of a vector: threads that have rows of their own read
  /// memory in long runs, and those that have columns of their own do not.
  private func splitStreamedMatrix(_ node: Vertex, _ axes: [Int]) -> Split? {
    let shape = nodes[node.sources[0]].shape
    let product = nodes[node.sources[0]]
    let long = axes.filter { shape[$0] > 1 }
    guard long.count == 1, product.op == .binary(.multiply), node.shape.elementCount < CostModel.splitColumns,
      let columns = product.sources.compactMap({ columnsOfMatrix($0, summing: long[0], of: shape) }).first,
      product.sources.contains(where: { isVector($0, besides: columns, of: shape) })
    else { return nil }
    let most = Swift.min(CostModel.streamedMatrix.chunks, shape[long[0]] / CostModel.streamedMatrix.rows)
    guard most > 1 else { return nil }
    let chunks = (most / 2 + 1...most).reversed().min { shape[long[0]] % $0 < shape[long[0]] % $1 } ?? most
    return Split(
      axes: axes, shape: shape, axis: long[0], chunks: chunks, length: shape[long[0]] / chunks,
      keepsChunksTogether: true)
  }

  /// Whether a factor is the same all along an axis of the product.
  private func isVector(_ factor: ID, besides axis: Int, of shape: Shape) -> Bool {
    guard let (_, indices) = beneathMovements(factor, of: shape) else { return false }
    return !indices.contains { $0.contains(axis) }
  }

  /// The axis of a product along which a factor lies in long rows: a large matrix in memory, which is used a few times at
  /// most, and of which one row after the other is summed along `axis`. Nil for every other factor.
  private func columnsOfMatrix(_ factor: ID, summing axis: Int, of shape: Shape) -> Int? {
    guard let (id, indices) = beneathMovements(factor, of: shape), nodes[id].op == .buffer,
      let column = indices.last?.asVariable, column.id != axis
    else { return nil }
    let elements = nodes[id].shape.elementCount
    guard elements >= CostModel.splitReduction, column.extent >= CostModel.streamedMatrix.columns,
      elements * CostModel.streamedMatrix.uses >= shape.elementCount,
      indices.dropLast().contains(where: { $0.contains(axis) })
    else { return nil }
    return column.id
  }

  /// What a factor of a product is but for movements and casts, and where its elements are found there; an index has the
  /// axis of the product for an id. Nil where elements are made up.
  private func beneathMovements(_ factor: ID, of shape: Shape) -> (id: ID, indices: [Index])? {
    var indices = shape.dimensions.enumerated().map { axis, extent in
      extent == 1 ? Index.constant(0) : Index(IndexVariable(id: axis, extent: extent))
    }
    var id = factor
    while let source = nodes[id].sources.first {
      let node = nodes[id]
      if let moved = SourceIndices(
        node.op, at: indices, result: node.shape, source: nodes[source].shape, bounded: { index, _ in index })
      {
        if !moved.mask.isAlways { return nil }
        indices = moved.indices
      } else if case .cast = node.op {
      } else {
        break
      }
      id = source
    }
    return (id, indices)
  }

  /// Whether a node multiplies two operands, each of which is used many times: its sum is a contraction, which has
  /// tiles for threads to share.
  private func isProductOfRepeated(_ id: ID) -> Bool {
    let product = nodes[withoutLengthMasks(id)]
    guard product.op == .binary(.multiply) else { return false }
    return product.sources.allSatisfy { factor in
      var factor = factor
      while true {
        switch nodes[factor].op {
        case .expand, .window: return true
        case .reshape, .permute, .slice, .detach, .barrier: factor = nodes[factor].sources[0]
        case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .reduce, .scan,
          .radixPass, .pad,
          .overlapAdd, .concatenate, .gather, .scatterAdd, .put, .update:
          return false
        }
      }
    }
  }
}

extension SplitGraph {
  fileprivate mutating func append(_ op: Op, _ sources: [Graph.ID], _ shape: Shape, _ dtype: DType) -> Graph.ID {
    graph.nodes.append(Graph.Vertex(op, sources, shape: shape, dtype: dtype))
    return graph.nodes.count - 1
  }

  fileprivate mutating func append(
    _ op: ReduceOp, _ node: Graph.Vertex, of source: Graph.ID, _ split: Graph.Split
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
    _ source: Graph.ID, _ range: Range<Int>, of split: Graph.Split, _ dtype: DType
  ) -> Graph.ID {
    guard range.count < split.shape[split.axis] else { return source }
    var extents = split.shape.dimensions
    var ranges = extents.map { AxisRange(start: 0, step: 1, count: $0) }
    ranges[split.axis] = AxisRange(start: range.lowerBound, step: 1, count: range.count)
    extents[split.axis] = range.count
    return append(.slice(ranges), [source], Shape(extents), dtype)
  }

  private mutating func reshape(_ source: Graph.ID, _ split: Graph.Split, _ dtype: DType) -> Graph.ID {
    var extents = split.shape.dimensions
    extents[split.axis] = split.length
    extents.insert(split.chunks, at: split.axis)
    return append(.reshape, [source], Shape(extents), dtype)
  }
}
