/// Logic on truth values, spelled as for SIMD masks.
extension Tensor {
  /// Returns where both are true.
  public static func .& (a: Tensor, b: Tensor) -> Tensor { logic(.and, a, b) }
  /// Returns where at least one is true.
  public static func .| (a: Tensor, b: Tensor) -> Tensor { logic(.or, a, b) }
  /// Returns where exactly one is true.
  public static func .^ (a: Tensor, b: Tensor) -> Tensor { logic(.xor, a, b) }

  /// Returns where the tensor is false.
  public static prefix func .! (x: Tensor) -> Tensor {
    require(x.dtype == .bool, "not", "takes bool, not \(x.dtype); use ~ on integers")
    return Primitive.unary(.not, x)
  }

  private static func logic(_ op: BinaryOp, _ a: Tensor, _ b: Tensor) -> Tensor {
    require(
      a.dtype == .bool && b.dtype == .bool, op.rawValue,
      "takes bool, not \(a.dtype) and \(b.dtype); use & | ^ on integers")
    return Primitive.binary(op, aligned(op.rawValue, a, b))
  }
}

/// Operations on the bits of integers; operands broadcast and are promoted.
extension Tensor {
  /// Returns the bits set in both.
  public static func & (a: Tensor, b: Tensor) -> Tensor { bits(.and, aligned("and", a, b)) }
  /// Returns the bits set in each element and in a number.
  public static func & (a: Tensor, b: some TensorScalar) -> Tensor { bits(.and, a.aligned(with: b)) }

  /// Returns the bits set in either.
  public static func | (a: Tensor, b: Tensor) -> Tensor { bits(.or, aligned("or", a, b)) }
  /// Returns the bits set in each element or in a number.
  public static func | (a: Tensor, b: some TensorScalar) -> Tensor { bits(.or, a.aligned(with: b)) }

  /// Returns the bits set in exactly one.
  public static func ^ (a: Tensor, b: Tensor) -> Tensor { bits(.xor, aligned("xor", a, b)) }
  /// Returns the bits set in exactly one of each element and a number.
  public static func ^ (a: Tensor, b: some TensorScalar) -> Tensor { bits(.xor, a.aligned(with: b)) }

  /// Returns each element's bits inverted; of truth values, the opposite.
  public static prefix func ~ (x: Tensor) -> Tensor {
    require(!x.dtype.isFloatingPoint, "not", "takes integers or bool, not \(x.dtype)")
    return Primitive.unary(.not, x)
  }

  /// Returns the bits moved up; 0 for a count that is negative or not below the width.
  public static func << (a: Tensor, b: Tensor) -> Tensor { bits(.shiftLeft, aligned("shiftLeft", a, b)) }
  /// Returns the bits moved up by one count.
  public static func << (a: Tensor, b: some TensorScalar) -> Tensor { bits(.shiftLeft, a.aligned(with: b)) }

  /// Returns the bits moved down, filled with the sign; nothing but the sign for a count that is negative or not below
  /// the width.
  public static func >> (a: Tensor, b: Tensor) -> Tensor { bits(.shiftRight, aligned("shiftRight", a, b)) }
  /// Returns the bits moved down by one count.
  public static func >> (a: Tensor, b: some TensorScalar) -> Tensor { bits(.shiftRight, a.aligned(with: b)) }

  private static func bits(_ op: BinaryOp, _ operands: (Tensor, Tensor)) -> Tensor {
    require(op.accepts(operands.0.dtype), op.rawValue, "does not take \(operands.0.dtype)")
    return Primitive.binary(op, operands)
  }
}

extension Primitive {
  /// Returns a function of the elements of a pair of tensors alike in shape and dtype.
  fileprivate static func binary(_ op: BinaryOp, _ operands: (Tensor, Tensor)) -> Tensor {
    binary(op, operands.0, operands.1)
  }
}
