import LazyOps

extension Graph {
  /// Returns what is added up by a node without the masks of run-time lengths: where(index < length, x, constant) -> x.
  func withoutLengthMasks(_ id: ID) -> ID {
    var id = id
    while isLengthMask(nodes[id]) { id = nodes[id].sources[1] }
    return id
  }

  /// Whether a node replaces what lies beyond a run-time length by a constant.
  func isLengthMask(_ node: Vertex) -> Bool {
    if case .select = node.op, case .constant = nodes[node.sources[2]].op { return lengthMask(node) != nil }
    return false
  }

  /// The axis and the length, a node, below which a node of `select` takes its second source; nil for all other nodes.
  func lengthMask(_ node: Vertex) -> (axis: Int, length: ID)? {
    guard node.op == .select else { return nil }
    let test = nodes[node.sources[0]]
    guard test.op == .binary(.less), case .iota(let axis) = nodes[test.sources[0]].op else { return nil }
    var length = test.sources[1]
    while [.expand, .reshape, .detach].contains(nodes[length].op) { length = nodes[length].sources[0] }
    if case .length = nodes[length].op { return (axis, length) }
    return nil
  }
}
