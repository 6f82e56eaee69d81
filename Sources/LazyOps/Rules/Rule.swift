/// A rewrite of one node into something that has the same value, under a name that says which.
///
/// Rules about rules: the right side never costs more than the left; it has the same value, -0 and infinity included
/// (a sum may come closer to the exact one, or be -0 for 0, and the bits of a NaN are free); each goes one way, so that the rules
/// together cannot run in a circle. Commutativity has no rule but one: constants go right.
package struct Rule: Sendable {
  /// Left and right side: `x * 1 -> x`.
  package let name: String
  /// Returns the node that replaces the one given, or nil where the left side does not match.
  let rewrite: @Sendable (inout Rewriter, Graph.Vertex) -> Graph.ID?

  init(_ name: String, _ rewrite: @escaping @Sendable (inout Rewriter, Graph.Vertex) -> Graph.ID?) {
    (self.name, self.rewrite) = (name, rewrite)
  }
}

/// A graph that grows by simplified nodes, no two of them equal.
struct Rewriter {
  private(set) var nodes: [Graph.Vertex] = []
  private var numbers: [Graph.Vertex: Graph.ID] = [:]
  private let trace: ((String) -> Void)?

  init(trace: ((String) -> Void)?) { self.trace = trace }

  subscript(id: Graph.ID) -> Graph.Vertex { nodes[id] }

  /// Appends a leaf; two are never merged, for they may hold different numbers.
  mutating func add(leaf: Graph.Vertex) -> Graph.ID {
    nodes.append(leaf)
    return nodes.count - 1
  }

  /// Returns a node that has the value of `node`: one that a rule makes of it, an equal one, or itself.
  ///
  /// As sources are simplified before and what a rule makes is added by this function again, no rule matches any node
  /// once it stands here.
  mutating func add(_ node: Graph.Vertex) -> Graph.ID {
    for rule in Rule.table(for: node.op) {
      guard let id = rule.rewrite(&self, node) else { continue }
      trace?("\(rule.name): \(node) -> %\(id)")
      return id
    }
    if let id = numbers[node] { return id }
    numbers[node] = nodes.count
    nodes.append(node)
    return nodes.count - 1
  }

  /// Adds a node with the shape and dtype of `node`.
  mutating func add(_ op: Op, _ sources: [Graph.ID], like node: Graph.Vertex) -> Graph.ID {
    add(Graph.Vertex(op, sources, shape: node.shape, dtype: node.dtype))
  }

  /// Adds a constant with the shape and dtype of `node`.
  mutating func add(constant value: Scalar, like node: Graph.Vertex) -> Graph.ID {
    add(.constant(value.cast(to: node.dtype)), [], like: node)
  }
}

extension Rewriter {
  /// Returns the value of a constant node.
  func constant(_ id: Graph.ID) -> Scalar? {
    guard case .constant(let value) = nodes[id].op else { return nil }
    return value
  }

  /// Returns the source of a node that is the function `op` of it.
  func argument(_ id: Graph.ID, of op: UnaryOp) -> Graph.ID? {
    nodes[id].op == .unary(op) ? nodes[id].sources[0] : nil
  }

  /// Returns the left operand of a node that is `op` with the right operand constant, and that.
  func leftOfConstant(_ node: Graph.Vertex, _ op: BinaryOp) -> (left: Graph.ID, constant: Scalar)? {
    guard node.op == .binary(op), let value = constant(node.sources[1]) else { return nil }
    return (node.sources[0], value)
  }

  /// Returns the left operand of a node that is `op` with `number` on the right; 0 and -0 are two numbers where the
  /// operands are floating-point.
  func left(_ node: Graph.Vertex, _ op: BinaryOp, _ number: Double) -> Graph.ID? {
    guard let (left, value) = leftOfConstant(node, op), value == Scalar.real(number).cast(to: nodes[left].dtype) else {
      return nil
    }
    return left
  }
}
