import LazyOps

/// Where a large reduction is cut in two: into a partial result for each of a number of chunks, and what combines those.
struct ReductionSplit {
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

  /// Cuts an axis in as many chunks, `most` or down to half as many, as leave least of it over; of equal ones the most.
  /// Nil where that is one.
  fileprivate init?(of shape: Shape, reducing axes: [Int], along axis: Int, atMost most: Int) {
    guard most > 1 else { return nil }
    chunks = (most / 2 + 1...most).reversed().min { shape[axis] % $0 < shape[axis] % $1 }!
    (self.axes, self.shape, self.axis, length) = (axes, shape, axis, shape[axis] / chunks)
  }
}

extension Graph {
  /// Finds where a reduction is cut; nil where it is better left whole.
  func reductionSplit(of node: Vertex, _ axes: [Int]) -> ReductionSplit? {
    guard nodes[node.sources[0]].shape.elementCount >= CostModel.splitReduction else { return nil }
    if let split = splitOfStreamedMatrix(node, axes) { return split }
    guard isProductOfRepeated(node.sources[0]) else { return splitOfLongReduction(node, axes) }
    return splitOfContraction(node, axes) ?? splitOfLongReduction(node, axes, isContraction: true)
  }

  /// Where to cut a reduction to so few results that threads could not share them.
  private func splitOfLongReduction(_ node: Vertex, _ axes: [Int], isContraction: Bool = false) -> ReductionSplit? {
    let shape = nodes[node.sources[0]].shape
    // Rows are shared among threads as they are. Columns lie side by side: only few threads could have some each.
    let reducesRows = axes.contains(shape.rank - 1)
    let limit = reducesRows || isContraction ? CostModel.parallelPoints : CostModel.splitColumns
    guard node.shape.elementCount < limit else { return nil }
    let wanted = Swift.min(
      shape.elementCount / CostModel.chunkElements,
      reducesRows ? CostModel.reductionChunks.rows : CostModel.reductionChunks.columns)
    guard let axis = longAxis(of: shape, among: axes, atLeast: wanted * CostModel.chunkRows) else { return nil }
    let most = Swift.min(wanted, shape[axis] / (reducesRows ? 1 : CostModel.chunkRows))
    var split = ReductionSplit(of: shape, reducing: axes, along: axis, atMost: most)
    split?.isWide = reducesRows && !isContraction
    return split
  }

  /// Where to cut a contraction of few results, each a very long sum: a weight's gradient, say.
  private func splitOfContraction(_ node: Vertex, _ axes: [Int]) -> ReductionSplit? {
    let shape = nodes[node.sources[0]].shape
    let depth = axes.reduce(1) { $0 * shape[$1] }
    guard node.shape.elementCount <= CostModel.splitContraction.results else { return nil }
    let most = Swift.min(CostModel.splitContraction.chunks, depth / CostModel.splitContraction.products)
    guard most > 1, let axis = longAxis(of: shape, among: axes, atLeast: most) else { return nil }
    return ReductionSplit(of: shape, reducing: axes, along: axis, atMost: Swift.min(most, shape[axis]))
  }

  /// The first axis of some extent, or the longest.
  private func longAxis(of shape: Shape, among axes: [Int], atLeast extent: Int) -> Int? {
    axes.first { shape[$0] >= extent } ?? axes.max { shape[$0] < shape[$1] }
  }

  /// Where to cut the sum of a matrix's rows, each times an element of a vector: threads that have rows of their own read
  /// memory in long runs, and those that have columns of their own do not.
  private func splitOfStreamedMatrix(_ node: Vertex, _ axes: [Int]) -> ReductionSplit? {
    let product = nodes[node.sources[0]]
    let shape = product.shape
    let long = axes.filter { shape[$0] > 1 }
    guard long.count == 1, product.op == .binary(.multiply), node.shape.elementCount < CostModel.splitColumns,
      let columns = product.sources.compactMap({ columnsOfMatrix($0, summing: long[0], of: shape) }).first,
      product.sources.contains(where: { isVector($0, besides: columns, of: shape) })
    else { return nil }
    let most = Swift.min(CostModel.streamedMatrix.chunks, shape[long[0]] / CostModel.streamedMatrix.rows)
    var split = ReductionSplit(of: shape, reducing: axes, along: long[0], atMost: most)
    split?.keepsChunksTogether = true
    return split
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
