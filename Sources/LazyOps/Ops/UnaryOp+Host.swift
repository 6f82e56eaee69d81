import Foundation

extension UnaryOp {
  /// Returns the function's value at `x`; `x` and the result are elements of `dtype`.
  package func apply(_ x: Scalar, _ dtype: DType) -> Scalar {
    dtype.isFloatingPoint
      ? Scalar.real(onReals(x.double)).cast(to: dtype)
      : Scalar.integer(onIntegers(dtype)(x.int64)).cast(to: dtype)
  }

  /// Whether elements of `dtype` have the function.
  package func accepts(_ dtype: DType) -> Bool {
    switch self {
    case .negate, .absolute, .sign: dtype != .bool
    case .not: !dtype.isFloatingPoint
    case .sqrt, .reciprocal, .exp, .exp2, .expm1, .log, .log2, .log1p, .sin, .cos, .tan, .tanh, .erf, .floor, .ceiling,
      .round, .truncate:
      dtype.isFloatingPoint
    }
  }

  /// The function on floating-point numbers; the result is yet to be rounded to the element type.
  var onReals: (Double) -> Double {
    switch self {
    case .negate: { -$0 }
    case .absolute: { $0.magnitude }
    case .sign: { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
    case .not: preconditionFailure("bug: not of floating-point elements")
    case .sqrt: { $0.squareRoot() }
    case .reciprocal: { 1 / $0 }
    case .exp: { Foundation.exp($0) }
    case .exp2: { Foundation.exp2($0) }
    case .expm1: { Foundation.expm1($0) }
    case .log: { Foundation.log($0) }
    case .log2: { Foundation.log2($0) }
    case .log1p: { Foundation.log1p($0) }
    case .sin: { Foundation.sin($0) }
    case .cos: { Foundation.cos($0) }
    case .tan: { Foundation.tan($0) }
    case .tanh: { Foundation.tanh($0) }
    case .erf: { Foundation.erf($0) }
    case .floor: { $0.rounded(.down) }
    case .ceiling: { $0.rounded(.up) }
    case .round: { $0.rounded(.toNearestOrEven) }
    case .truncate: { $0.rounded(.towardZero) }
    }
  }

  /// The function on the bits of integers and truth values; the result is yet to be wrapped to the element type.
  func onIntegers(_ dtype: DType) -> (Int64) -> Int64 {
    switch self {
    case .negate: { 0 &- $0 }
    case .absolute: dtype == .uint64 ? { $0 } : { $0 < 0 ? 0 &- $0 : $0 }
    case .sign: dtype == .uint64 ? { $0 == 0 ? 0 : 1 } : { $0.signum() }
    case .not: dtype == .bool ? { 1 - $0 } : { ~$0 }
    case .sqrt, .reciprocal, .exp, .exp2, .expm1, .log, .log2, .log1p, .sin, .cos, .tan, .tanh, .erf, .floor, .ceiling,
      .round, .truncate:
      preconditionFailure("bug: \(self) of \(dtype) elements")
    }
  }
}
