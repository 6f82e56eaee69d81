extension Rule {
  static let constants: [Rule] = [
    Rule("constant -> constant as its dtype holds it") { graph, node in
      guard case .constant(let value) = node.op, value != value.cast(to: node.dtype) else { return nil }
      return graph.add(constant: value, like: node)
    }
  ]

  static let unary: [Rule] =
    [
      Rule("f(constant) -> constant") { graph, node in
        guard case .unary(let op) = node.op, let x = graph.constant(node.sources[0]) else { return nil }
        return graph.add(constant: op.apply(x, node.dtype), like: node)
      },
      Rule("-(-x) -> x") { graph, node in
        node.op == .unary(.negate) ? graph.argument(node.sources[0], of: .negate) : nil
      },
      Rule("not not x -> x") { graph, node in
        node.op == .unary(.not) ? graph.argument(node.sources[0], of: .not) : nil
      },
      Rule("||x|| -> |x|") { graph, node in
        guard node.op == .unary(.absolute) else { return nil }
        return graph.argument(node.sources[0], of: .absolute) == nil ? nil : node.sources[0]
      },
      Rule("|-x| -> |x|") { graph, node in
        // Of an unsigned x, -x wraps around and is no number of the same magnitude.
        guard node.op == .unary(.absolute), node.dtype.isFloatingPoint || node.dtype.integerWidth?.isSigned == true,
          let x = graph.argument(node.sources[0], of: .negate)
        else { return nil }
        return graph.add(node.op, [x], like: node)
      },
      // The exponential of what is seen not to be positive takes less time than the minimum.
      Rule("exp(x - max(x)) -> exp(min(x - max(x), 0))") { graph, node in
        guard node.op == .unary(.exp), graph.isLessItsMaximum(node.sources[0]) else { return nil }
        let difference = graph[node.sources[0]]
        let zero = graph.add(constant: .integer(0), like: difference)
        let limited = graph.add(.binary(.minimum), [node.sources[0], zero], like: difference)
        return graph.add(node.op, [limited], like: node)
      },
    ] + uniform

  static let binary: [Rule] =
    [
      Rule("f(constant, constant) -> constant") { graph, node in
        guard case .binary(let op) = node.op, let a = graph.constant(node.sources[0]),
          let b = graph.constant(node.sources[1])
        else { return nil }
        return graph.add(constant: op.apply(a, b, graph[node.sources[0]].dtype), like: node)
      },
      Rule("f(constant, x) -> f(x, constant)") { graph, node in
        guard case .binary(let op) = node.op, op.isCommutative, graph.constant(node.sources[0]) != nil else {
          return nil
        }
        return graph.add(node.op, [node.sources[1], node.sources[0]], like: node)
      },
    ] + identities + arithmetic + logic + sumsOfPieces + uniform

  /// Binary functions that are their left operand for one right operand.
  private static let identities: [Rule] = [
    // For integers this is x + 0; for floating-point numbers x + 0 would turn -0 into 0.
    Rule("x + -0 -> x") { graph, node in graph.left(node, .add, -0.0) },
    Rule("x - 0 -> x") { graph, node in graph.left(node, .subtract, 0) },
    Rule("x * 1 -> x") { graph, node in graph.left(node, .multiply, 1) },
    Rule("x / 1 -> x") { graph, node in graph.left(node, .divide, 1) },
    Rule("x // 1 -> x") { graph, node in node.dtype.isInteger ? graph.left(node, .floorDivide, 1) : nil },
    Rule("x ^ 1 -> x") { graph, node in graph.left(node, .power, 1) },
    Rule("x | 0 -> x") { graph, node in graph.left(node, .or, 0) },
    Rule("x xor 0 -> x") { graph, node in graph.left(node, .xor, 0) },
    Rule("x & true -> x") { graph, node in node.dtype == .bool ? graph.left(node, .and, 1) : nil },
    Rule("x << 0 -> x") { graph, node in graph.left(node, .shiftLeft, 0) },
    Rule("x >> 0 -> x") { graph, node in graph.left(node, .shiftRight, 0) },
    Rule("f(x, x) -> x") { _, node in
      guard case .binary(let op) = node.op, node.sources[0] == node.sources[1] else { return nil }
      return switch op {
      case .maximum, .minimum, .and, .or: node.sources[0]
      case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .power, .equal, .notEqual, .less, .lessEqual,
        .xor, .shiftLeft, .shiftRight:
        nil
      }
    },
  ]

  private static let arithmetic: [Rule] = [
    Rule("x * 0 -> 0") { graph, node in
      node.dtype.isInteger && graph.left(node, .multiply, 0) != nil ? graph.add(constant: .integer(0), like: node) : nil
    },
    Rule("x * -1 -> -x") { graph, node in
      graph.left(node, .multiply, -1).map { graph.add(.unary(.negate), [$0], like: node) }
    },
    Rule("x ^ 0 -> 1") { graph, node in
      graph.left(node, .power, 0) == nil ? nil : graph.add(constant: .integer(1), like: node)
    },
    Rule("x ^ 2 -> x * x") { graph, node in
      graph.left(node, .power, 2).map { graph.add(.binary(.multiply), [$0, $0], like: node) }
    },
    Rule("x ^ -1 -> 1 / x") { graph, node in
      guard node.dtype.isFloatingPoint, let x = graph.left(node, .power, -1) else { return nil }
      return graph.add(.unary(.reciprocal), [x], like: node)
    },
    Rule("x / 2^n -> x * 2^-n") { graph, node in
      guard let (x, value) = graph.leftOfConstant(node, .divide), value.double.isNormal,
        value.double.significand == 1
      else { return nil }
      let inverse = 1 / value.double
      // Where its inverse is not a normal number, a power of two cannot be inverted exactly.
      guard node.dtype == .float64 ? inverse.isNormal : Float(inverse).isNormal,
        Scalar.real(inverse).cast(to: node.dtype).double == inverse
      else { return nil }
      let factor = graph.add(constant: .real(inverse), like: node)
      return graph.add(.binary(.multiply), [x, factor], like: node)
    },
    Rule("x + -y -> x - y") { graph, node in
      guard node.op == .binary(.add), let y = graph.argument(node.sources[1], of: .negate) else { return nil }
      return graph.add(.binary(.subtract), [node.sources[0], y], like: node)
    },
    Rule("-x + y -> y - x") { graph, node in
      guard node.op == .binary(.add), let x = graph.argument(node.sources[0], of: .negate) else { return nil }
      return graph.add(.binary(.subtract), [node.sources[1], x], like: node)
    },
    Rule("x - -y -> x + y") { graph, node in
      guard node.op == .binary(.subtract), let y = graph.argument(node.sources[1], of: .negate) else { return nil }
      return graph.add(.binary(.add), [node.sources[0], y], like: node)
    },
  ]

  private static let logic: [Rule] = [
    Rule("x & 0 -> 0") { graph, node in graph.left(node, .and, 0) == nil ? nil : node.sources[1] },
    Rule("x | true -> true") { graph, node in
      node.dtype == .bool && graph.left(node, .or, 1) != nil ? node.sources[1] : nil
    },
  ]

  static let select: [Rule] =
    [
      Rule("select(constant, x, y) -> x or y") { graph, node in
        graph.constant(node.sources[0]).map { $0.isTrue ? node.sources[1] : node.sources[2] }
      },
      Rule("select(c, x, x) -> x") { _, node in node.sources[1] == node.sources[2] ? node.sources[1] : nil },
      Rule("select(not c, x, y) -> select(c, y, x)") { graph, node in
        guard let condition = graph.argument(node.sources[0], of: .not) else { return nil }
        return graph.add(.select, [condition, node.sources[2], node.sources[1]], like: node)
      },
      Rule("select(c, true, false) -> c") { graph, node in
        guard node.dtype == .bool, graph.constant(node.sources[1])?.isTrue == true,
          graph.constant(node.sources[2])?.isTrue == false
        else { return nil }
        return node.sources[0]
      },
    ] + uniform

  static let cast: [Rule] =
    [
      Rule("cast to the same dtype -> x") { graph, node in
        graph[node.sources[0]].dtype == node.dtype ? node.sources[0] : nil
      },
      Rule("cast(constant) -> constant") { graph, node in
        graph.constant(node.sources[0]).map { graph.add(constant: $0, like: node) }
      },
      Rule("cast through a dtype that holds every x -> cast") { graph, node in
        let between = graph[node.sources[0]]
        guard between.op == .cast, between.dtype.holds(graph[between.sources[0]].dtype) else { return nil }
        return graph.add(.cast, between.sources, like: node)
      },
    ] + uniform

  static let bitcast: [Rule] =
    [
      Rule("bitcast to the same dtype -> x") { graph, node in
        graph[node.sources[0]].dtype == node.dtype ? node.sources[0] : nil
      },
      Rule("bitcast(constant) -> constant") { graph, node in
        guard let value = graph.constant(node.sources[0]) else { return nil }
        return graph.add(constant: value.bitcast(from: graph[node.sources[0]].dtype, to: node.dtype), like: node)
      },
      Rule("bitcast(bitcast(x)) -> bitcast(x)") { graph, node in
        let inner = graph[node.sources[0]]
        return inner.op == .bitcast && inner.dtype != .bool ? graph.add(.bitcast, inner.sources, like: node) : nil
      },
    ] + uniform

  static let detach: [Rule] = [Rule("detach(x) -> x") { _, node in node.sources[0] }]

  /// Elementwise functions of what is the same along an axis are computed once, and then repeated; so arithmetic on
  /// arguments, such as a learning rate, is done on one element.
  private static let uniform: [Rule] = [
    Rule("f(expand(x), ...) -> expand(f(x, ...))") { graph, node in
      guard let shape = graph.commonSource(of: node, .expand), shape.elementCount < node.shape.elementCount else {
        return nil
      }
      return graph.hoist(.expand, outOf: node, from: shape)
    },
    Rule("f(reshape(one element), ...) -> reshape(f(one element, ...))") { graph, node in
      guard let shape = graph.commonSource(of: node, .reshape), shape.elementCount == 1 else { return nil }
      return graph.hoist(.reshape, outOf: node, from: shape)
    },
  ]
}

extension Rewriter {
  /// Returns the shape that all sources are brought from by `movement`, which has no parameters; constants have any
  /// shape, but one source must be none.
  fileprivate func commonSource(of node: Graph.Vertex, _ movement: Op) -> Shape? {
    var shape: Shape?
    for source in node.sources where constant(source) == nil {
      guard nodes[source].op == movement else { return nil }
      let inner = nodes[nodes[source].sources[0]].shape
      guard shape == nil || shape == inner else { return nil }
      shape = inner
    }
    return shape
  }

  /// Applies the op of `node` before `movement` instead of after it.
  fileprivate mutating func hoist(_ movement: Op, outOf node: Graph.Vertex, from shape: Shape) -> Graph.ID {
    var inner = node
    inner.shape = shape
    inner.sources = []
    for source in node.sources {
      let constant = Graph.Vertex(nodes[source].op, [], shape: shape, dtype: nodes[source].dtype)
      inner.sources.append(self.constant(source) == nil ? nodes[source].sources[0] : add(constant))
    }
    return add(movement, [add(inner)], like: node)
  }
}

extension DType {
  /// Whether every element of `other` is an element of this type too.
  fileprivate func holds(_ other: DType) -> Bool {
    if self == other || other == .bool { return true }
    guard let (bits, isSigned) = other.integerWidth else { return isFloatingPoint && byteCount > other.byteCount }
    if let significandBits { return bits <= significandBits }
    guard let own = integerWidth else { return false }
    return own.bits > bits ? own.isSigned || !isSigned : own == (bits, isSigned)
  }
}

extension Rewriter {
  /// Whether a node is x - m where m holds, for each element of x, the maximum of some that it is one of.
  fileprivate func isLessItsMaximum(_ id: Graph.ID) -> Bool {
    guard nodes[id].op == .binary(.subtract) else { return false }
    let x = nodes[id].sources[0]
    var shapes: [Shape] = []
    var maximum = nodes[id].sources[1]
    while [.detach, .reshape, .expand].contains(nodes[maximum].op) {
      shapes.append(nodes[maximum].shape)
      maximum = nodes[maximum].sources[0]
    }
    guard case .reduce(.maximum, let axes) = nodes[maximum].op, nodes[maximum].sources[0] == x else { return false }
    let kept = nodes[x].shape.collapsing(axes)
    // Each maximum is spread over the axes along which it was found, and over no others.
    return shapes.allSatisfy { [nodes[x].shape, kept, nodes[maximum].shape].contains($0) } && shapes.contains(kept)
  }
}
