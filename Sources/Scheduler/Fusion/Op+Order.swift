import LazyOps

extension Op {
  /// Whether the op combines elements of its source.
  var isReduction: Bool {
    switch self {
    case .reduce, .overlapAdd: true
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier,
      .scan,
      .radixPass, .reshape, .permute, .expand, .slice, .pad, .window, .concatenate, .gather, .scatterAdd, .put, .update:
      false
    }
  }

  /// Whether the op adds elements up.
  var isSum: Bool {
    if case .reduce(let op, _) = self { op == .sum } else { isReduction }
  }

  /// Whether the op's elements are elements of its source, found elsewhere.
  var isMovement: Bool {
    switch self {
    case .detach, .barrier, .reshape, .permute, .expand, .slice, .pad, .window: true
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .reduce, .scan,
      .radixPass, .overlapAdd, .concatenate, .gather, .scatterAdd, .put, .update:
      false
    }
  }

  /// Whether the op writes to places that its data names.
  var isScatter: Bool { scatterAxis != nil }

  /// The axis along which the op does one element after the other; nil for all other ops.
  var orderedAxis: Int? {
    switch self {
    case .scan(_, let axis): axis
    case .radixPass(let digit): digit.axis
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier,
      .reduce,
      .reshape, .permute, .expand, .slice, .pad, .window, .overlapAdd, .concatenate, .gather, .scatterAdd, .put,
      .update:
      scatterAxis
    }
  }

  /// The axis on which the op's data names places it writes to; nil for all other ops.
  var scatterAxis: Int? {
    switch self {
    case .scatterAdd(let axis), .put(let axis): axis
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier,
      .reduce,
      .scan, .radixPass, .reshape, .permute, .expand, .slice, .pad, .window, .overlapAdd, .concatenate, .gather,
      .update:
      nil
    }
  }
}
