extension Rule {
  static let reduce: [Rule] = [
    halfSum,
    Rule("reduce over axes of extent 1 -> reshape") { graph, node in
      guard case .reduce(_, let axes) = node.op else { return nil }
      let shape = graph[node.sources[0]].shape
      return axes.allSatisfy { shape[$0] == 1 } ? graph.add(.reshape, node.sources, like: node) : nil
    },
    Rule("reduce(nothing) -> identity") { graph, node in
      guard case .reduce(let op, let axes) = node.op else { return nil }
      let shape = graph[node.sources[0]].shape
      return axes.contains { shape[$0] == 0 } ? graph.add(constant: op.identity(node.dtype), like: node) : nil
    },
    Rule("reduce(constant) -> constant") { graph, node in
      guard case .reduce(let op, let axes) = node.op, let value = graph.constant(node.sources[0]) else { return nil }
      let shape = graph[node.sources[0]].shape
      let count = axes.reduce(1) { $0 * shape[$1] }
      return op.combine(value, times: count, node.dtype).map { graph.add(constant: $0, like: node) }
    },
    Rule("maximum(expand(x)) -> maximum(x)") { graph, node in
      guard case .reduce(let op, let axes) = node.op, op == .maximum || op == .minimum else { return nil }
      let source = graph[node.sources[0]]
      guard source.op == .expand else { return nil }
      let before = graph[source.sources[0]].shape
      guard axes.contains(where: { before[$0] != source.shape[$0] }) else { return nil }
      return graph.collapse(node, axes, before)
    },
    Rule("sum(expand(x)) -> sum(x) * count") { graph, node in
      guard case .reduce(.sum, let axes) = node.op else { return nil }
      let source = graph[node.sources[0]]
      guard source.op == .expand else { return nil }
      let before = graph[source.sources[0]].shape
      let count = axes.reduce(1) { before[$1] == source.shape[$1] ? $0 : $0 * source.shape[$1] }
      // A count that floating-point numbers do not hold exactly would make a worse sum.
      guard count > 1, !node.dtype.isFloatingPoint || count <= 1 << 24 else { return nil }
      let factor = graph.add(constant: .integer(Int64(count)), like: node)
      return graph.add(.binary(.multiply), [graph.collapse(node, axes, before), factor], like: node)
    },
    Rule("reduce(expand(x)) -> expand(reduce(x))") { graph, node in
      guard case .reduce(_, let axes) = node.op else { return nil }
      let source = graph[node.sources[0]]
      guard source.op == .expand else { return nil }
      let before = graph[source.sources[0]].shape
      let kept = (0..<before.rank).filter { !axes.contains($0) }
      let shape = Shape(kept.map { before[$0] })
      guard axes.allSatisfy({ before[$0] == source.shape[$0] }), shape != node.shape else { return nil }
      let reduced = graph.add(Graph.Vertex(node.op, source.sources, shape: shape, dtype: node.dtype))
      return graph.add(.expand, [reduced], like: node)
    },
  ]
}

extension Rule {
  /// Elements of 16 bits are summed in 32, whatever kernels and chunks make of the sum, and rounded once.
  static let halfSum = Rule("sum(half) -> cast(sum(float32))") { graph, node in
    guard node.dtype.isHalf else { return nil }
    switch node.op {
    case .reduce(.sum, _), .reduce(.product, _), .scan(.sum, _), .scan(.product, _), .overlapAdd, .scatterAdd: break
    case .reduce(.maximum, _), .reduce(.minimum, _), .scan(.maximum, _), .scan(.minimum, _), .radixPass, .buffer,
      .constant, .argument, .length, .iota, .unary, .binary, .select,
      .cast, .bitcast, .detach, .barrier, .reshape, .permute, .expand, .slice, .pad, .window, .concatenate, .gather,
      .put, .update:
      return nil
    }
    var wide = node
    wide.dtype = node.dtype.arithmetic
    wide.sources = node.sources.map { source in
      guard graph[source].dtype == node.dtype else { return source }  // an index
      return graph.add(Graph.Vertex(.cast, [source], shape: graph[source].shape, dtype: wide.dtype))
    }
    return graph.add(.cast, [graph.add(wide)], like: node)
  }
}

extension Rewriter {
  /// Reduces what the source of `node` expands from `before`, leaving out the repetition along `axes`.
  fileprivate mutating func collapse(_ node: Graph.Vertex, _ axes: [Int], _ before: Shape) -> Graph.ID {
    let source = nodes[node.sources[0]]
    // What is expanded along the axes that stay must still be.
    let shape = Shape((0..<before.rank).map { axes.contains($0) ? before[$0] : source.shape[$0] })
    let expanded = add(Graph.Vertex(.expand, source.sources, shape: shape, dtype: node.dtype))
    return add(node.op, [expanded], like: node)
  }
}

extension ReduceOp {
  /// Returns `count` times `value` combined, or nil where that depends on the order or is not exact.
  fileprivate func combine(_ value: Scalar, times count: Int, _ dtype: DType) -> Scalar? {
    switch self {
    case .maximum, .minimum: return value
    case .product: return value == identity(dtype) ? value : nil
    case .sum:
      guard case .real(let number) = value else { return Scalar.integer(value.int64 &* Int64(count)).cast(to: dtype) }
      guard number.isFinite, number != 0 else { return value }
      // Every partial sum is exact if the largest one fits the significand counted in the last bit of `number`.
      let lastBit = Double(
        sign: .plus, exponent: number.exponent - Double.Exponent(number.significandWidth), significand: 1)
      let limit = dtype == .float64 ? 0x1p53 : 0x1p24
      let total = number * Double(count)
      return (total / lastBit).magnitude <= limit && Scalar.real(total).cast(to: dtype).double.isFinite
        ? .real(total) : nil
    }
  }
}
