/// One number as the host holds it: a floating-point value, or an integer (a bool is 0 or 1).
///
/// Arithmetic on the host is exact enough to be the reference: one operation in `Double`, rounded to `float32`
/// afterwards, gives the correctly rounded `float32` result for + - * / and sqrt, because 53 >= 2 * 24 + 2 bits.
public enum Scalar: Sendable {
  case real(Double)
  case integer(Int64)
  /// An integer beyond those of `integer`: never one that fits there.
  case large(UInt64)

  /// Creates an integer.
  package init(_ value: UInt64) {
    self = value > UInt64(Int64.max) ? .large(value) : .integer(Int64(value))
  }

  /// Creates the integer or truth value whose low bits as an element of `dtype` are those of `bits`.
  package init(bits: Int64, of dtype: DType) {
    self = dtype == .uint64 ? Scalar(UInt64(bitPattern: bits)) : .integer(bits)
  }

  /// Returns the value as a floating-point number.
  package var double: Double {
    switch self {
    case .real(let value): value
    case .integer(let value): Double(value)
    case .large(let value): Double(value)
    }
  }

  /// Returns the value rounded to `float32`, once.
  package var float: Float {
    switch self {
    case .real(let value): Float(value)
    case .integer(let value): Float(value)
    case .large(let value): Float(value)
    }
  }

  /// Returns the value as an integer, wrapped to 64 bits; a floating-point number is truncated towards zero, what does
  /// not fit is clamped and NaN is 0.
  package var int64: Int64 {
    switch self {
    case .real(let value):
      if value.isNaN { 0 } else { Int64(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max) }
    case .integer(let value): value
    case .large(let value): Int64(bitPattern: value)
    }
  }

  /// Returns the value as an unsigned integer: as `int64` does, but up to 2^64 - 1.
  package var uint64: UInt64 {
    if case .real(let value) = self, value >= 0x1p63 { return UInt64(exactly: value) ?? .max }
    return UInt64(bitPattern: int64)
  }

  /// Returns whether the value counts as true: anything but zero, NaN included.
  package var isTrue: Bool {
    switch self {
    case .real(let value): value != 0
    case .integer(let value): value != 0
    case .large: true
    }
  }

  /// Returns the value as an element of `dtype` holds it: rounded, wrapped to its width, or 0 and 1 for `bool`. What
  /// becomes a 16-bit floating-point number is rounded to `float32` first.
  package func cast(to dtype: DType) -> Scalar {
    switch dtype {
    case .bool: .integer(isTrue ? 1 : 0)
    case .int8: .integer(Int64(Int8(truncatingIfNeeded: int64)))
    case .uint8: .integer(Int64(UInt8(truncatingIfNeeded: int64)))
    case .int16: .integer(Int64(Int16(truncatingIfNeeded: int64)))
    case .uint16: .integer(Int64(UInt16(truncatingIfNeeded: int64)))
    case .int32: .integer(Int64(Int32(truncatingIfNeeded: int64)))
    case .uint32: .integer(Int64(UInt32(truncatingIfNeeded: int64)))
    case .int64: .integer(int64)
    case .uint64: Scalar(uint64)
    case .float16, .bfloat16, .float32: .real(Double(float.rounded(to: dtype)))
    case .float64: .real(double)
    }
  }
}

extension Scalar: Hashable {
  /// Compares bit patterns, so that a NaN equals itself and -0 differs from 0: constants are merged only if they are
  /// the same bits.
  public static func == (a: Scalar, b: Scalar) -> Bool {
    switch (a, b) {
    case (.real(let x), .real(let y)): x.bitPattern == y.bitPattern
    case (.integer(let x), .integer(let y)): x == y
    case (.large(let x), .large(let y)): x == y
    case (.real, .integer), (.real, .large), (.integer, .real), (.integer, .large), (.large, .real), (.large, .integer):
      false
    }
  }

  /// Feeds the bits that `==` compares.
  public func hash(into hasher: inout Hasher) {
    switch self {
    case .real(let value): hasher.combine(value.bitPattern)
    case .integer(let value): hasher.combine(value)
    case .large(let value): hasher.combine(value)
    }
  }
}

extension Scalar: CustomStringConvertible {
  /// The number as Swift prints it.
  public var description: String {
    switch self {
    case .real(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .large(let value): "\(value)"
    }
  }
}
