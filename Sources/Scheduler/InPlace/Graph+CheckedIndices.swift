import LazyOps

extension Graph {
  /// Returns the graph in which the indices of every update in place of a leaf are checked beforehand: an index that is
  /// out of range is found before anything is overwritten.
  ///
  /// Looking an index up in a list of all valid ones gives the index itself, and fails where it is none of them.
  func checkingIndices() -> Graph {
    let targets = Overwrites.candidates(self).filter { nodes[$0.value].op == .buffer && nodes[$0.key].op.isScatter }
    let unchecked = targets.keys.filter { nodes[$0].usesUncheckedIndex(in: self) }
    guard !unchecked.isEmpty else { return self }
    var result = Graph(donated: donated, limits: limits)
    var renamed: [ID] = []
    for (id, node) in nodes.enumerated() {
      var node = node
      node.sources = node.sources.map { renamed[$0] }
      if unchecked.contains(id), let axis = node.op.scatterAxis {
        let index = result.nodes[node.sources[1]]
        let indexAxis = index.shape.rank == 1 ? 0 : axis
        let all = index.shape.replacing(indexAxis, by: node.shape[axis])
        result.nodes.append(Vertex(.iota(axis: indexAxis), [], shape: all, dtype: index.dtype))
        result.nodes.append(
          Vertex(
            .gather(axis: indexAxis), [result.nodes.count - 1, node.sources[1]], shape: index.shape, dtype: index.dtype)
        )
        node.sources[1] = result.nodes.count - 1
      }
      result.nodes.append(node)
      renamed.append(result.nodes.count - 1)
    }
    result.outputs = outputs.map { renamed[$0] }
    return result
  }

  /// Whether the elements of a node are known to be indices of an axis of `extent`: they were looked up in a list of
  /// such, or are an argument, which is checked before any kernel runs.
  func areIndices(_ id: ID, below extent: Int) -> Bool {
    let node = nodes[id]
    if let numbers = lengthNumbers(id) { return numbers.lowerBound >= 0 && numbers.upperBound < extent }
    switch node.op {
    case .gather:
      guard case .iota(let axis) = nodes[node.sources[0]].op else { return false }
      return nodes[node.sources[0]].shape[axis] <= extent
    case .argument: return true
    case .reshape, .expand, .slice, .permute, .detach: return areIndices(node.sources[0], below: extent)
    case .buffer, .constant, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .barrier, .reduce, .scan,
      .radixPass,
      .pad, .window,
      .overlapAdd, .concatenate, .scatterAdd, .put, .update:
      return false
    }
  }
}

extension Graph {
  /// The numbers that a node can hold, where it is computed from run-time lengths: their bounds tell.
  private func lengthNumbers(_ id: ID) -> ClosedRange<Int>? {
    let node = nodes[id]
    guard node.dtype == .int64 else { return nil }
    if case .length(let bound) = node.op { return 1...bound }
    if case .constant(.integer(let number)) = node.op { return Int(number)...Int(number) }
    if [.reshape, .expand, .detach].contains(node.op) { return lengthNumbers(node.sources[0]) }
    guard node.op == .binary(.add) || node.op == .binary(.subtract), let a = lengthNumbers(node.sources[0]),
      let b = lengthNumbers(node.sources[1])
    else { return nil }
    if node.op == .binary(.add) { return a.lowerBound + b.lowerBound...a.upperBound + b.upperBound }
    return a.lowerBound - b.upperBound...a.upperBound - b.lowerBound
  }

  /// The arguments that are used as indices, by the nodes' numbers, and the extents of the axes they are for.
  var indexArguments: [(argument: ID, extent: Int)] {
    nodes.compactMap { node in
      guard let extent = node.indexedExtent(in: self), nodes[node.sources[1]].shape.elementCount > 0 else { return nil }
      var id = node.sources[1]
      while nodes[id].op.sourceCount == 1 { id = nodes[id].sources[0] }
      return nodes[id].op == .argument && areIndices(node.sources[1], below: extent) ? (id, extent) : nil
    }
  }
}

extension Graph.Vertex {
  /// The extent of the axis that the op's index tensor names places on; nil for all other ops.
  func indexedExtent(in graph: Graph) -> Int? {
    switch op {
    case .gather(let axis): graph.nodes[sources[0]].shape[axis]
    case .scatterAdd(let axis), .put(let axis): shape[axis]
    case .radixPass(let digit): shape[digit.axis]
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier,
      .reduce,
      .scan, .reshape, .permute, .expand, .slice, .pad, .window, .overlapAdd, .concatenate, .update:
      nil
    }
  }

  /// Whether the op reads an index from a tensor that is not known to be in range.
  func usesUncheckedIndex(in graph: Graph) -> Bool {
    indexedExtent(in: graph).map { !graph.areIndices(sources[1], below: $0) } ?? false
  }
}
