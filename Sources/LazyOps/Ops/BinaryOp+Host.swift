import Foundation

extension BinaryOp {
  /// Returns the function's value at `a` and `b`, elements of `dtype`; it is 0 or 1 for a comparison and else an element
  /// of `dtype`.
  package func apply(_ a: Scalar, _ b: Scalar, _ dtype: DType) -> Scalar {
    dtype.isFloatingPoint
      ? Scalar.real(onReals(a.double, b.double)).cast(to: result(of: dtype))
      : Scalar.integer(onIntegers(dtype)(a.int64, b.int64)).cast(to: result(of: dtype))
  }

  /// Returns the type of the result for operands of `dtype`.
  package func result(of dtype: DType) -> DType { isComparison ? .bool : dtype }

  /// Whether elements of `dtype` have the function.
  package func accepts(_ dtype: DType) -> Bool {
    switch self {
    case .add, .subtract, .multiply, .floorDivide, .remainder, .power: dtype != .bool
    case .divide: dtype.isFloatingPoint
    case .maximum, .minimum, .equal, .notEqual, .less, .lessEqual: true
    case .and, .or, .xor: !dtype.isFloatingPoint
    case .shiftLeft, .shiftRight: dtype.isInteger
    }
  }

  /// Whether the operands may change places and not a bit of the result with them. Of 0 and -0 a maximum is the first.
  package var isCommutative: Bool {
    switch self {
    case .add, .multiply, .equal, .notEqual, .and, .or, .xor: true
    case .subtract, .divide, .floorDivide, .remainder, .power, .maximum, .minimum, .less, .lessEqual, .shiftLeft,
      .shiftRight:
      false
    }
  }

  /// The function on floating-point numbers, 0 or 1 for a comparison; the result is yet to be rounded to the element
  /// type.
  var onReals: (Double, Double) -> Double {
    switch self {
    case .add: { $0 + $1 }
    case .subtract: { $0 - $1 }
    case .multiply: { $0 * $1 }
    case .divide: { $0 / $1 }
    case .floorDivide: flooredQuotient
    case .remainder: flooredRemainder
    case .power: { Foundation.pow($0, $1) }
    // NaN wins, from either side; of equal ones the first.
    case .maximum: { $0 < $1 || $1.isNaN ? $1 : $0 }
    case .minimum: { $0 > $1 || $1.isNaN ? $1 : $0 }
    case .equal: { $0 == $1 ? 1 : 0 }
    case .notEqual: { $0 != $1 ? 1 : 0 }
    case .less: { $0 < $1 ? 1 : 0 }
    case .lessEqual: { $0 <= $1 ? 1 : 0 }
    case .and, .or, .xor, .shiftLeft, .shiftRight:
      preconditionFailure("bug: \(self) of floating-point elements")
    }
  }

  /// The function on the bits of integers and truth values, 0 or 1 for a comparison; the result is yet to be wrapped to
  /// the element type.
  func onIntegers(_ dtype: DType) -> (Int64, Int64) -> Int64 {
    if dtype == .uint64, let function = onUnsigned {
      return { Int64(bitPattern: function(UInt64(bitPattern: $0), UInt64(bitPattern: $1))) }
    }
    let bits = Int64(dtype.byteCount * 8)
    return switch self {
    case .add: { $0 &+ $1 }
    case .subtract: { $0 &- $1 }
    case .multiply: { $0 &* $1 }
    case .divide: preconditionFailure("bug: divide of \(dtype) elements")
    case .floorDivide: flooredQuotient
    case .remainder: flooredRemainder
    case .power: wrappingPower
    case .maximum: { Swift.max($0, $1) }
    case .minimum: { Swift.min($0, $1) }
    case .equal: { $0 == $1 ? 1 : 0 }
    case .notEqual: { $0 != $1 ? 1 : 0 }
    case .less: { $0 < $1 ? 1 : 0 }
    case .lessEqual: { $0 <= $1 ? 1 : 0 }
    case .and: { $0 & $1 }
    case .or: { $0 | $1 }
    case .xor: { $0 ^ $1 }
    case .shiftLeft: { 0..<bits ~= $1 ? $0 << $1 : 0 }
    // A smart shift by 64 or more fills with the sign, which is 0 for unsigned elements.
    case .shiftRight: { $0 >> (0..<bits ~= $1 ? $1 : 64) }
    }
  }
}

extension BinaryOp {
  /// The function on unsigned integers of 64 bits, where it is another one than on signed ones.
  private var onUnsigned: ((UInt64, UInt64) -> UInt64)? {
    switch self {
    case .floorDivide: { $1 == 0 ? 0 : $0 / $1 }
    case .remainder: { $1 == 0 ? 0 : $0 % $1 }
    case .power: wrappingPower
    case .maximum: { Swift.max($0, $1) }
    case .minimum: { Swift.min($0, $1) }
    case .less: { $0 < $1 ? 1 : 0 }
    case .lessEqual: { $0 <= $1 ? 1 : 0 }
    case .shiftRight: { $0 >> $1 }
    case .add, .subtract, .multiply, .divide, .equal, .notEqual, .and, .or, .xor, .shiftLeft: nil
    }
  }
}

/// Returns the remainder with the sign of the divisor, as Python's `%`; NaN for a divisor of 0.
private func flooredRemainder(_ a: Double, _ b: Double) -> Double {
  let remainder = Foundation.fmod(a, b)
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
}

/// Returns the floor of the exact quotient, which the floor of the rounded one need not be, as Python's `//`; for a
/// divisor of 0 the infinity or NaN of a plain division.
private func flooredQuotient(_ a: Double, _ b: Double) -> Double {
  if b == 0 { return a / b }
  let remainder = Foundation.fmod(a, b)
  let truncated = ((a - remainder) / b).rounded(.toNearestOrEven)
  let floor = remainder != 0 && (remainder < 0) != (b < 0) ? truncated - 1 : truncated
  return floor == 0 ? 0 * (a / b) : floor
}

/// Returns the quotient rounded towards negative infinity, or 0 for a divisor of 0.
private func flooredQuotient(_ a: Int64, _ b: Int64) -> Int64 {
  guard b != 0 else { return 0 }
  let quotient = a.dividedReportingOverflow(by: b).partialValue
  let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
  return remainder != 0 && (remainder < 0) != (b < 0) ? quotient - 1 : quotient
}

/// Returns the remainder with the sign of the divisor, or 0 for a divisor of 0.
private func flooredRemainder(_ a: Int64, _ b: Int64) -> Int64 {
  guard b != 0 else { return 0 }
  let remainder = a.remainderReportingOverflow(dividingBy: b).partialValue
  return remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder
}

/// Returns the power modulo 2^64; for a negative exponent the quotient 1 / power rounded towards zero, with 0 for
/// 1 / 0.
private func wrappingPower(_ base: Int64, _ exponent: Int64) -> Int64 {
  if exponent < 0 { return base == 1 ? 1 : base == -1 ? (exponent & 1 == 0 ? 1 : -1) : 0 }
  return Int64(bitPattern: wrappingPower(UInt64(bitPattern: base), UInt64(exponent)))
}

/// Returns the power modulo 2^64.
private func wrappingPower(_ base: UInt64, _ exponent: UInt64) -> UInt64 {
  var (result, square, rest): (UInt64, UInt64, UInt64) = (1, base, exponent)
  while rest > 0 {
    if rest & 1 == 1 { result = result &* square }
    square = square &* square
    rest >>= 1
  }
  return result
}
