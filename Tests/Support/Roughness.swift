package import LazyOps

/// How far the 16-bit floating-point outputs of a graph may differ between the levels, which agree on every op that is
/// exact but sum in another order and have transcendental functions of their own.
///
/// A result close to the middle between two elements may be rounded to either: a whole unit, where one of `float32`
/// would be a thousandth of what tests allow. What is computed on from there differs without a bound.
package struct Roughness {
  private enum Level: Int { case exact, aUnit, unknown }

  private let levels: [Level]
  private let graph: Graph

  package init(_ graph: Graph) {
    self.graph = graph
    var levels: [Level] = []
    var isExact: [Bool] = []
    for node in graph.nodes {
      let sources = node.sources.map { levels[$0] }.max { $0.rawValue < $1.rawValue } ?? .exact
      let exact = node.sources.allSatisfy { isExact[$0] } && (!node.dtype.isFloatingPoint || node.op.isExact)
      isExact.append(exact)
      switch sources {
      case .exact: levels.append(node.dtype.isHalf && !exact ? .aUnit : .exact)
      case .aUnit: levels.append(node.op.keepsUnits(node.dtype) ? .aUnit : .unknown)
      case .unknown: levels.append(.unknown)
      }
    }
    self.levels = levels
  }

  /// Returns the tolerance for an output: what is given where no 16-bit element is rough, nil where any number may be
  /// right.
  package func tolerance(ofOutput position: Int, orElse tolerance: Double) -> Double? {
    switch levels[graph.outputs[position]] {
    case .exact: tolerance
    case .aUnit: max(tolerance, 0x1p-7)
    case .unknown: nil
    }
  }
}

extension Op {
  /// Whether all levels compute the same bits from the same elements.
  fileprivate var isExact: Bool {
    switch self {
    case .buffer, .constant, .argument, .length, .iota, .select, .cast, .bitcast, .detach, .barrier, .reshape, .permute,
      .expand, .slice, .pad, .window, .concatenate, .gather, .put, .update, .radixPass:
      true
    case .overlapAdd, .scatterAdd: false
    case .unary(let op):
      switch op {
      case .negate, .absolute, .sign, .not, .sqrt, .reciprocal, .floor, .ceiling, .round, .truncate: true
      case .exp, .exp2, .expm1, .log, .log2, .log1p, .sin, .cos, .tan, .tanh, .erf: false
      }
    case .binary(let op): op != .power
    case .reduce(let op, _), .scan(let op, _): op == .maximum || op == .minimum
    }
  }

  /// Whether elements that are a unit off stay so.
  fileprivate func keepsUnits(_ dtype: DType) -> Bool {
    switch self {
    case .detach, .barrier, .reshape, .permute, .expand, .slice, .pad, .window, .concatenate, .put, .update,
      .unary(.negate), .unary(.absolute), .binary(.maximum), .binary(.minimum), .reduce(.maximum, _),
      .reduce(.minimum, _), .scan(.maximum, _), .scan(.minimum, _):
      true
    case .cast: dtype == .float32 || dtype == .float64
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .bitcast, .reduce, .scan, .radixPass,
      .overlapAdd,
      .gather, .scatterAdd:
      false
    }
  }
}
