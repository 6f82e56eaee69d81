/// One number as the host holds it: a floating-point value, or an integer (a bool is 0 or 1).
///
/// Arithmetic on the host is exact enough to be the reference: one operation in `Double`, rounded to `float32`
/// afterwards, gives the correctly rounded `float32` result for + - * / and sqrt, because 53 >= 2 * 24 + 2 bits.
public enum Scalar: Sendable {
  case real(Double)
  case integer(Int64)

  /// Returns the value as a floating-point number.
  package var double: Double {
    switch self {
    case .real(let value): value
    case .integer(let value): Double(value)
    }
  }

  /// Returns the value as an integer; a floating-point number is truncated towards zero, what does not fit is clamped
  /// and NaN is 0.
  package var int64: Int64 {
    switch self {
    case .real(let value):
      if value.isNaN { 0 } else { Int64(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max) }
    case .integer(let value): value
    }
  }

  /// Returns whether the value counts as true: anything but zero, NaN included.
  package var isTrue: Bool {
    switch self {
    case .real(let value): value != 0
    case .integer(let value): value != 0
    }
  }

  /// Returns the value as an element of `dtype` holds it: rounded, wrapped to its width, or 0 and 1 for `bool`.
  package func cast(to dtype: DType) -> Scalar {
    switch dtype {
    case .bool: .integer(isTrue ? 1 : 0)
    case .uint8: .integer(Int64(UInt8(truncatingIfNeeded: int64)))
    case .int32: .integer(Int64(Int32(truncatingIfNeeded: int64)))
    case .uint32: .integer(Int64(UInt32(truncatingIfNeeded: int64)))
    case .int64: .integer(int64)
    case .float32:
      // An integer is rounded once: through `Double` a large one would be twice.
      if case .integer(let value) = self { .real(Double(Float(value))) } else { .real(Double(Float(double))) }
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
    case (.real, .integer), (.integer, .real): false
    }
  }

  /// Feeds the bits that `==` compares.
  public func hash(into hasher: inout Hasher) {
    switch self {
    case .real(let value): hasher.combine(value.bitPattern)
    case .integer(let value): hasher.combine(value)
    }
  }
}

extension Scalar: CustomStringConvertible {
  /// The number as Swift prints it.
  public var description: String {
    switch self {
    case .real(let value): "\(value)"
    case .integer(let value): "\(value)"
    }
  }
}
