extension Rule {
  static let reshape: [Rule] = [
    unchanged, constantMoved,
    Rule("reshape(reshape(x)) -> reshape(x)") { graph, node in
      let inner = graph[node.sources[0]]
      return inner.op == .reshape ? graph.add(.reshape, inner.sources, like: node) : nil
    },
  ]

  static let permute: [Rule] = [
    constantMoved,
    Rule("permute in order -> x") { graph, node in
      guard case .permute(let order) = node.op else { return nil }
      return order == Array(order.indices) ? node.sources[0] : nil
    },
    Rule("permute(permute(x)) -> permute(x)") { graph, node in
      let inner = graph[node.sources[0]]
      guard case .permute(let order) = node.op, case .permute(let innerOrder) = inner.op else { return nil }
      return graph.add(.permute(order.map { innerOrder[$0] }), inner.sources, like: node)
    },
  ]

  static let expand: [Rule] = [
    unchanged, constantMoved,
    Rule("expand(expand(x)) -> expand(x)") { graph, node in
      let inner = graph[node.sources[0]]
      return inner.op == .expand ? graph.add(.expand, inner.sources, like: node) : nil
    },
  ]

  static let slice: [Rule] = [
    constantMoved,
    Rule("slice of everything -> x") { graph, node in
      guard case .slice(let ranges) = node.op else { return nil }
      return ranges.areWhole(graph[node.sources[0]].shape) ? node.sources[0] : nil
    },
    Rule("slice(slice(x)) -> slice(x)") { graph, node in
      let inner = graph[node.sources[0]]
      guard case .slice(let ranges) = node.op, case .slice(let innerRanges) = inner.op else { return nil }
      return graph.add(.slice(ranges.within(innerRanges)), inner.sources, like: node)
    },
    Rule("slice(pad(x)) of the same region -> x") { graph, node in
      let inner = graph[node.sources[0]]
      guard case .slice(let ranges) = node.op, inner.op == .pad(ranges) else { return nil }
      return inner.sources[0]
    },
  ]

  static let pad: [Rule] = [
    zerosMoved,
    Rule("pad by nothing -> x") { graph, node in
      guard case .pad(let ranges) = node.op else { return nil }
      return ranges.areWhole(node.shape) ? node.sources[0] : nil
    },
    Rule("pad(pad(x)) -> pad(x)") { graph, node in
      let inner = graph[node.sources[0]]
      guard case .pad(let ranges) = node.op, case .pad(let innerRanges) = inner.op else { return nil }
      return graph.add(.pad(innerRanges.within(ranges)), inner.sources, like: node)
    },
  ]

  static let window: [Rule] = [
    constantMoved,
    Rule("window of one element, stride 1 -> reshape") { graph, node in
      guard case .window(let geometry) = node.op, geometry.size == 1, geometry.stride == 1 else { return nil }
      return graph.add(.reshape, node.sources, like: node)
    },
  ]

  static let overlapAdd: [Rule] = [
    Rule("overlapAdd of windows that do not overlap -> pad(reshape(x))") { graph, node in
      guard case .overlapAdd(let geometry) = node.op, geometry.dilation == 1, geometry.size <= geometry.stride else {
        return nil
      }
      // The offset in a window next to the number of the window; both are a position then.
      let (axis, shape) = (geometry.axis, graph[node.sources[0]].shape)
      let order = Array(0...axis) + [shape.rank - 1] + Array(axis + 1..<shape.rank - 1)
      var extents = order.map { shape[$0] }
      var result = graph.add(
        Graph.Vertex(.permute(order), node.sources, shape: Shape(extents), dtype: node.dtype))
      result = graph.resize(result, axis: axis + 1, to: geometry.stride)
      extents[axis] *= geometry.stride
      extents.remove(at: axis + 1)
      result = graph.add(Graph.Vertex(.reshape, [result], shape: Shape(extents), dtype: node.dtype))
      return graph.resize(result, axis: axis, to: node.shape[axis])
    },
    Rule.halfSum,
    zerosMoved,
  ]

  static let concatenate: [Rule] = [
    Rule("concatenate(x) -> x") { _, node in node.sources.count == 1 ? node.sources[0] : nil },
    Rule("concatenate(constant, the same constant) -> constant") { graph, node in
      let value = graph.constant(node.sources[0])
      guard let value, node.sources.allSatisfy({ graph.constant($0) == value }) else { return nil }
      return graph.add(constant: value, like: node)
    },
    Rule("concatenate(concatenate(x, y), z) -> concatenate(x, y, z)") { graph, node in
      guard node.sources.contains(where: { graph[$0].op == node.op }) else { return nil }
      let sources = node.sources.flatMap { graph[$0].op == node.op ? graph[$0].sources : [$0] }
      return graph.add(node.op, sources, like: node)
    },
    Rule("concatenate(x, nothing) -> concatenate(x)") { graph, node in
      guard case .concatenate(let axis) = node.op else { return nil }
      let sources = node.sources.filter { graph[$0].shape[axis] > 0 }
      guard !sources.isEmpty, sources.count < node.sources.count else { return nil }
      return graph.add(node.op, sources, like: node)
    },
  ]

  /// What gradients of the parts of a tensor add up to.
  static let sumsOfPieces: [Rule] = [
    // 0 + -0 is 0 and not -0: of a zero the sign may differ.
    Rule("pad(x) + pad(y) side by side -> pad(concatenate(x, y))") { graph, node in
      guard node.op == .binary(.add), case .pad(var first) = graph[node.sources[0]].op,
        case .pad(var second) = graph[node.sources[1]].op
      else { return nil }
      var pieces = node.sources.map { graph[$0].sources[0] }
      let differing = first.indices.filter { first[$0] != second[$0] }
      guard differing.count == 1, first[differing[0]].step == 1, second[differing[0]].step == 1 else { return nil }
      let axis = differing[0]
      if first[axis].start > second[axis].start {
        swap(&first, &second)
        pieces.reverse()
      }
      guard first[axis].start + first[axis].count == second[axis].start else { return nil }
      first[axis] = AxisRange(start: first[axis].start, count: first[axis].count + second[axis].count)
      let joined = Graph.Vertex(
        .concatenate(axis: axis), pieces, shape: graph[pieces[0]].shape.replacing(axis, by: first[axis].count),
        dtype: node.dtype)
      let whole = graph.add(joined.op, joined.sources, like: joined)
      return graph.add(.pad(first), [whole], like: node)
    }
  ]

  static let put: [Rule] = [
    Rule("put of nothing -> target") { graph, node in
      graph[node.sources[2]].shape.elementCount == 0 ? node.sources[0] : nil
    }
  ]

  static let update: [Rule] = [
    Rule("update of everything -> value") { graph, node in
      guard case .update(let ranges) = node.op else { return nil }
      return ranges.areWhole(node.shape) ? node.sources[1] : nil
    },
    Rule("update of nothing -> target") { graph, node in
      graph[node.sources[1]].shape.elementCount == 0 ? node.sources[0] : nil
    },
  ]

  private static let unchanged = Rule("movement to the same shape -> x") { graph, node in
    graph[node.sources[0]].shape == node.shape ? node.sources[0] : nil
  }

  private static let constantMoved = Rule("movement of a constant -> constant") { graph, node in
    graph.constant(node.sources[0]).map { graph.add(constant: $0, like: node) }
  }

  private static let zerosMoved = Rule("movement of zeros -> zeros") { graph, node in
    let zero = Scalar.integer(0).cast(to: node.dtype)
    return graph.constant(node.sources[0]) == zero ? graph.add(constant: zero, like: node) : nil
  }
}

extension Rewriter {
  /// Cuts an axis of a node off after so many elements, or adds zeros up to there.
  fileprivate mutating func resize(_ id: Graph.ID, axis: Int, to extent: Int) -> Graph.ID {
    let node = nodes[id]
    let kept = Swift.min(node.shape[axis], extent)
    guard node.shape[axis] != extent else { return id }
    var ranges = node.shape.dimensions.map { AxisRange(start: 0, count: $0) }
    ranges[axis] = AxisRange(start: 0, count: kept)
    let shape = node.shape.replacing(axis, by: extent)
    return add(
      Graph.Vertex(kept < extent ? .pad(ranges) : .slice(ranges), [id], shape: shape, dtype: node.dtype))
  }
}

extension [AxisRange] {
  /// Whether this is all of `shape`, in order.
  fileprivate func areWhole(_ shape: Shape) -> Bool { zip(self, shape.dimensions).allSatisfy { $0.isWhole($1) } }

  /// Returns the positions, in what `outer` is a region of, of these positions in that region.
  fileprivate func within(_ outer: [AxisRange]) -> [AxisRange] {
    zip(self, outer).map { inner, outer in
      AxisRange(
        start: outer.start + inner.start * outer.step, step: outer.step * inner.step, count: inner.count)
    }
  }
}
