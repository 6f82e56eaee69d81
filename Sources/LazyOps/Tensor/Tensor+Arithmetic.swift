/// Operands broadcast (extents are equal or 1, aligned at the last axis) and are promoted to one dtype as PyTorch does;
/// Swift numbers are weakly typed (`TensorScalar`). Integers wrap around on overflow.
extension Tensor {
  /// Returns the sum of each pair of elements; of truth values, whether either is true.
  public static func + (a: Tensor, b: Tensor) -> Tensor { arithmetic(.add, a, b) }
  /// Returns each element plus a number.
  public static func + (a: Tensor, b: some TensorScalar) -> Tensor { arithmetic(.add, a.aligned(with: b)) }
  /// Returns a number plus each element.
  public static func + (a: some TensorScalar, b: Tensor) -> Tensor { arithmetic(.add, swapped(b.aligned(with: a))) }

  /// Returns the difference of each pair of elements; `bool` has none.
  public static func - (a: Tensor, b: Tensor) -> Tensor { arithmetic(.subtract, a, b) }
  /// Returns each element minus a number.
  public static func - (a: Tensor, b: some TensorScalar) -> Tensor { arithmetic(.subtract, a.aligned(with: b)) }
  /// Returns a number minus each element.
  public static func - (a: some TensorScalar, b: Tensor) -> Tensor {
    arithmetic(.subtract, swapped(b.aligned(with: a)))
  }

  /// Returns the product of each pair of elements; of truth values, whether both are true.
  public static func * (a: Tensor, b: Tensor) -> Tensor { arithmetic(.multiply, a, b) }
  /// Returns each element times a number.
  public static func * (a: Tensor, b: some TensorScalar) -> Tensor { arithmetic(.multiply, a.aligned(with: b)) }
  /// Returns a number times each element.
  public static func * (a: some TensorScalar, b: Tensor) -> Tensor {
    arithmetic(.multiply, swapped(b.aligned(with: a)))
  }

  /// Returns the true quotient of each pair of elements: `float32` where both are integers or truth values.
  public static func / (a: Tensor, b: Tensor) -> Tensor {
    let dtype = promotedDType(a, b)
    let (x, y) = aligned("divide", a, b, dtype: dtype.isFloatingPoint ? dtype : .float32)
    return Primitive.binary(.divide, x, y)
  }
  /// Returns the true quotient of each element and a number.
  public static func / (a: Tensor, b: some TensorScalar) -> Tensor {
    arithmetic(.divide, a.floating.aligned(with: b))
  }
  /// Returns the true quotient of a number and each element.
  public static func / (a: some TensorScalar, b: Tensor) -> Tensor {
    arithmetic(.divide, swapped(b.floating.aligned(with: a)))
  }

  /// Returns the remainder of the floored quotient, which has the divisor's sign (as in PyTorch and Python); 0 for an
  /// integer divided by 0.
  public static func % (a: Tensor, b: Tensor) -> Tensor { arithmetic(.remainder, a, b) }
  /// Returns the remainder of each element by a number.
  public static func % (a: Tensor, b: some TensorScalar) -> Tensor { arithmetic(.remainder, a.aligned(with: b)) }
  /// Returns the remainder of a number by each element.
  public static func % (a: some TensorScalar, b: Tensor) -> Tensor {
    arithmetic(.remainder, swapped(b.aligned(with: a)))
  }

  /// Returns each element with the opposite sign; `bool` has none.
  public static prefix func - (x: Tensor) -> Tensor {
    require(x.dtype != .bool, "negate", "bool has no sign; use .!")
    return Primitive.unary(.negate, x)
  }

  /// Returns the quotient rounded towards negative infinity; 0 for an integer divided by 0.
  public func floorDivided(by divisor: Tensor) -> Tensor { Tensor.arithmetic(.floorDivide, self, divisor) }
  /// Returns the quotient by a number rounded towards negative infinity.
  public func floorDivided(by divisor: some TensorScalar) -> Tensor {
    Tensor.arithmetic(.floorDivide, aligned(with: divisor))
  }

  /// Returns each element to the power of the exponent's.
  public func pow(_ exponent: Tensor) -> Tensor { Tensor.arithmetic(.power, self, exponent) }

  /// Returns each element to the power of a number; the common ones are multiplications or a square root.
  public func pow(_ exponent: some TensorScalar) -> Tensor {
    let (x, y) = aligned(with: exponent)
    switch exponent.tensorScalar.double {
    case 2 where dtype != .bool: return x.square()
    case 3 where dtype != .bool: return x.dtype.isHalf ? x.widened { $0 * $0 * $0 } : x * x * x
    case 0.5: return x.sqrt()
    case -1 where x.dtype.isFloatingPoint: return x.reciprocal()
    case _: return Tensor.arithmetic(.power, (x, y))
    }
  }

  /// Returns the larger of each pair of elements; NaN where either is.
  public static func maximum(_ a: Tensor, _ b: Tensor) -> Tensor { arithmetic(.maximum, a, b) }
  /// Returns each element or a number, whichever is larger.
  public static func maximum(_ a: Tensor, _ b: some TensorScalar) -> Tensor {
    arithmetic(.maximum, a.aligned(with: b))
  }

  /// Returns the smaller of each pair of elements; NaN where either is.
  public static func minimum(_ a: Tensor, _ b: Tensor) -> Tensor { arithmetic(.minimum, a, b) }
  /// Returns each element or a number, whichever is smaller.
  public static func minimum(_ a: Tensor, _ b: some TensorScalar) -> Tensor {
    arithmetic(.minimum, a.aligned(with: b))
  }

  /// Returns each element, or the bound it is beyond; NaN stays. The derivative is 1 up to and on the bounds.
  public func clamp<Bound: TensorScalar>(min: Bound? = nil, max: Bound? = nil) -> Tensor {
    var result = self
    if let min {
      let (x, bound) = result.aligned(with: min)
      result = Tensor.where(x .< bound, bound, x)
    }
    if let max {
      let (x, bound) = result.aligned(with: max)
      result = Tensor.where(x .> bound, bound, x)
    }
    return result
  }
}

extension Tensor {
  /// Returns an arithmetic op of two tensors, broadcast and promoted.
  static func arithmetic(_ op: BinaryOp, _ a: Tensor, _ b: Tensor) -> Tensor {
    arithmetic(op, aligned(op.rawValue, a, b))
  }

  /// Returns an arithmetic op of two tensors alike; truth values add and multiply as logic.
  static func arithmetic(_ op: BinaryOp, _ operands: (Tensor, Tensor)) -> Tensor {
    let (a, b) = operands
    if a.dtype == .bool {
      if op == .add { return Primitive.binary(.or, a, b) }
      if op == .multiply { return Primitive.binary(.and, a, b) }
      require(op.accepts(.bool), op.rawValue, "does not take bool; cast to a dtype of numbers first")
    }
    return Primitive.binary(op, a, b)
  }

  static func swapped(_ pair: (Tensor, Tensor)) -> (Tensor, Tensor) { (pair.1, pair.0) }
}
