import LazyOps

extension DType {
  /// The type of an element that is computed with; a bool is 0 or 1, and a 16-bit floating-point number a `float` that
  /// it can hold.
  var cType: String {
    switch self {
    case .bool, .uint8: "unsigned char"
    case .int8: "signed char"
    case .int16: "short"
    case .uint16: "unsigned short"
    case .int32: "int"
    case .uint32: "unsigned"
    case .int64: "long"
    case .uint64: "unsigned long"
    case .float16, .bfloat16, .float32: "float"
    case .float64: "double"
    }
  }

  /// The type of an element in a buffer: of a 16-bit floating-point number its bits.
  var bufferType: String { isHalf ? "unsigned short" : cType }

  /// The type in which integers wrap: arithmetic on narrower ones is done in it.
  var unsignedType: String { byteCount == 8 ? "unsigned long" : "unsigned" }

  /// Returns the GNU C vector type of `lanes` elements: `float16v`. Only floating-point types have vectors.
  package func vectorType(lanes: Int) -> String { "\(cType)\(lanes)v" }
}

extension Scalar {
  /// The literal that has exactly this value as an element of `dtype`.
  func cLiteral(_ dtype: DType) -> CExpression {
    let value = cast(to: dtype)
    return switch dtype {
    case .bool, .uint8, .uint16: .primary("\(value)")
    case .int8, .int16: Scalar.signed(value.int64, least: .min, suffix: "")
    case .int32: Scalar.signed(value.int64, least: Int64(Int32.min), suffix: "")
    case .uint32: .primary("\(value)u")
    case .int64: Scalar.signed(value.int64, least: .min, suffix: "L")
    case .uint64: .primary("\(value)ul")
    case .float16, .bfloat16, .float32: Scalar.real(value.float)
    case .float64: Scalar.real(value.double)
    }
  }

  /// C has no negative literals, so the least integer is written as a difference.
  private static func signed(_ value: Int64, least: Int64, suffix: String) -> CExpression {
    if value == least { return CExpression("\(value + 1)\(suffix) - 1", .sum) }
    return CExpression("\(value)\(suffix)", value < 0 ? .prefix : .primary)
  }

  /// The shortest decimal that reads back as the same number.
  private static func real(_ value: Float) -> CExpression {
    if value.isNaN {
      let isPlain = value.bitPattern == Float.nan.bitPattern
      return .primary(isPlain ? "__builtin_nanf(\"\")" : "float32_of_bits(\(value.bitPattern)u)")
    }
    if value.isInfinite {
      return CExpression("\(value < 0 ? "-" : "")__builtin_inff()", value < 0 ? .prefix : .primary)
    }
    return CExpression("\(value)f", value.sign == .minus ? .prefix : .primary)
  }

  private static func real(_ value: Double) -> CExpression {
    if value.isNaN {
      let isPlain = value.bitPattern == Double.nan.bitPattern
      return .primary(isPlain ? "__builtin_nan(\"\")" : "float64_of_bits(\(value.bitPattern)ul)")
    }
    if value.isInfinite { return CExpression("\(value < 0 ? "-" : "")__builtin_inf()", value < 0 ? .prefix : .primary) }
    return CExpression("\(value)", value.sign == .minus ? .prefix : .primary)
  }
}
