import LazyOps

// How each elementwise operation is spelled in C; its meaning is the host's, `UnaryOp.apply` and `BinaryOp.apply`.
extension UnaryOp {
  /// The function of an operand of `dtype`, which must have it.
  func cExpression(_ a: CExpression, _ dtype: DType) -> CExpression {
    precondition(accepts(dtype), "bug: \(self) of \(dtype) elements")
    if dtype.isHalf {
      let result = cExpression(a, dtype.arithmetic)
      return staysExact ? result : dtype.rounding(result)
    }
    switch self {
    case .negate: return dtype.wrapping(.prefix("-", dtype.unsigned(a)))
    case .absolute: return absolute(a, dtype)
    case .sign: return .call("sign_\(dtype)", [a])
    case .not: return dtype == .bool ? .prefix("!", a) : dtype.narrowing(.prefix("~", a))
    case .reciprocal: return .infix(Scalar.integer(1).cLiteral(dtype), "/", a, .product)
    case .sqrt: return .call(dtype.builtin("sqrt"), [a])
    case .floor: return .call(dtype.builtin("floor"), [a])
    case .ceiling: return .call(dtype.builtin("ceil"), [a])
    case .round: return .call(dtype.builtin("rint"), [a])
    case .truncate: return .call(dtype.builtin("trunc"), [a])
    case .exp, .exp2, .expm1, .log, .log2, .log1p, .sin, .cos, .tan, .tanh, .erf:
      // In double precision the C library's functions are as good as it gets.
      return .call(dtype == .float64 ? rawValue : "\(rawValue)_\(dtype)", [a])
    }
  }

  private func absolute(_ a: CExpression, _ dtype: DType) -> CExpression {
    switch dtype {
    case .float16, .bfloat16, .float32, .float64: .call(dtype.builtin("fabs"), [a])
    case .int8, .int16, .int32, .int64: .call("absolute_\(dtype)", [a])
    case .bool, .uint8, .uint16, .uint32, .uint64: a
    }
  }

  /// Whether the function of a 16-bit floating-point number, computed with more digits, needs no rounding.
  private var staysExact: Bool {
    switch self {
    case .negate, .absolute, .sign, .not, .floor, .ceiling, .round, .truncate: true
    case .sqrt, .reciprocal, .exp, .exp2, .expm1, .log, .log2, .log1p, .sin, .cos, .tan, .tanh, .erf: false
    }
  }
}

extension BinaryOp {
  /// The function of two operands of `dtype`, which must have it.
  func cExpression(_ a: CExpression, _ b: CExpression, _ dtype: DType) -> CExpression {
    precondition(accepts(dtype), "bug: \(self) of \(dtype) elements")
    if dtype.isHalf {
      let result = cExpression(a, b, dtype.arithmetic)
      return staysExact ? result : dtype.rounding(result)
    }
    switch self {
    case .add: return dtype.wrapping(.infix(dtype.unsigned(a), "+", b, .sum))
    case .subtract: return dtype.wrapping(.infix(dtype.unsigned(a), "-", b, .sum))
    case .multiply: return dtype.wrapping(.infix(dtype.unsigned(a), "*", b, .product))
    case .divide: return .infix(a, "/", b, .product)
    case .floorDivide: return .call("floor_divide_\(dtype)", [a, b])
    case .remainder: return .call("floor_remainder_\(dtype)", [a, b])
    case .power: return power(a, b, dtype)
    case .maximum: return dtype == .bool ? .infix(a, "|", b, .bitOr) : .call("maximum_\(dtype)", [a, b])
    case .minimum: return dtype == .bool ? .infix(a, "&", b, .bitAnd) : .call("minimum_\(dtype)", [a, b])
    case .equal: return .infix(a, "==", b, .equality)
    case .notEqual: return .infix(a, "!=", b, .equality)
    case .less: return .infix(a, "<", b, .relational)
    case .lessEqual: return .infix(a, "<=", b, .relational)
    case .and: return .infix(a, "&", b, .bitAnd)
    case .or: return .infix(a, "|", b, .bitOr)
    case .xor: return .infix(a, "^", b, .bitXor)
    case .shiftLeft: return .call("shift_left_\(dtype)", [a, b])
    case .shiftRight: return .call("shift_right_\(dtype)", [a, b])
    }
  }

  private func power(_ a: CExpression, _ b: CExpression, _ dtype: DType) -> CExpression {
    switch dtype {
    case .float64: .call("pow", [a, b])
    case .float16, .bfloat16, .float32, .int64, .uint64: .call("power_\(dtype)", [a, b])
    // The power modulo 2^64 is right modulo any smaller power of two.
    case .bool, .int8, .uint8, .int16, .uint16, .int32, .uint32: .cast(dtype.cType, .call("power_int64", [a, b]))
    }
  }

  /// Whether the function of 16-bit floating-point numbers, computed with more digits, needs no rounding.
  private var staysExact: Bool {
    switch self {
    case .maximum, .minimum, .equal, .notEqual, .less, .lessEqual: true
    case .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .power, .and, .or, .xor, .shiftLeft,
      .shiftRight:
      false
    }
  }
}

extension DType {
  /// Returns `a` converted to this type from `source`, as `Scalar.cast` does: truncated, wrapped, or tested for
  /// not being 0.
  func cConversion(of a: CExpression, from source: DType) -> CExpression {
    if source == self { return a }
    switch self {
    case .bool: return .infix(a, "!=", Scalar.integer(0).cLiteral(source), .equality)
    case .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64:
      let whole = source.isFloatingPoint ? CExpression.call("int64_of_\(source.arithmetic)", [a]) : a
      return self == .int64 && source.isFloatingPoint ? whole : .cast(cType, whole)
    case .uint64:
      return source.isFloatingPoint ? .call("uint64_of_\(source.arithmetic)", [a]) : .cast(cType, a)
    case .float16, .bfloat16:
      return rounding(source.arithmetic == .float32 ? a : .cast(cType, a))
    case .float32, .float64: return self == source.arithmetic ? a : .cast(cType, a)
    }
  }

  /// Returns the bits of `a`, an element of `source`, read as this type, which is as wide.
  func cBits(of a: CExpression, from source: DType) -> CExpression {
    precondition(byteCount == source.byteCount, "bug: bitcast from \(source) to \(self)")
    if source == self { return a }
    switch self {
    case .bool: return .infix(a, "!=", .primary("0"), .equality)
    case .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64:
      if !source.isFloatingPoint { return source == .bool && self == .uint8 ? a : .cast(cType, a) }
      let bits = CExpression.call("bits_of_\(source)", [a])
      return integerWidth!.isSigned ? .cast(cType, bits) : bits
    case .float16, .bfloat16, .float32, .float64:
      return .call("\(self)_of_bits", [source.isHalf ? .call("bits_of_\(source)", [a]) : a])
    }
  }

  /// Rounds a `float` to the nearest number of this 16-bit type; a buffer takes the bits.
  func rounding(_ a: CExpression) -> CExpression {
    var result = CExpression.call("round_\(self)", [a])
    result.bits = CExpression.call("bits_of_\(self)", [a]).text
    result.unrounded = a.text
    return result
  }

  /// The name of a compiler's builtin for this floating-point type.
  fileprivate func builtin(_ name: String) -> String { "__builtin_\(name)\(self == .float64 ? "" : "f")" }

  /// Signed arithmetic must not overflow in C, so it is done unsigned: one unsigned operand is enough.
  fileprivate func unsigned(_ a: CExpression) -> CExpression {
    switch self {
    // The product of two unsigned numbers of 16 bits does not fit an int.
    case .uint16, .int32, .int64: .cast(unsignedType, a)
    case .bool, .int8, .uint8, .int16, .uint32, .uint64, .float16, .bfloat16, .float32, .float64: a
    }
  }

  /// Takes the result of such arithmetic back to the type.
  fileprivate func wrapping(_ a: CExpression) -> CExpression {
    switch self {
    case .int8, .uint8, .int16, .uint16, .int32, .int64: .cast(cType, a)
    case .bool, .uint32, .uint64, .float16, .bfloat16, .float32, .float64: a
    }
  }

  /// Takes the result of an operation back to the type where C has made an `int` of it.
  fileprivate func narrowing(_ a: CExpression) -> CExpression {
    switch self {
    case .uint8, .uint16: .cast(cType, a)
    case .bool, .int8, .int16, .int32, .uint32, .int64, .uint64, .float16, .bfloat16, .float32, .float64: a
    }
  }
}
