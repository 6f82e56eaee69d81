/// Comparisons are pointwise, spelled as for SIMD vectors, and give `bool`; with NaN all are false but `.!=`.
extension Tensor {
  /// Returns where elements are equal.
  public static func .== (a: Tensor, b: Tensor) -> Tensor { compare(.equal, aligned("equal", a, b)) }
  /// Returns where elements equal a number.
  public static func .== (a: Tensor, b: some TensorScalar) -> Tensor { compare(.equal, a.aligned(with: b)) }

  /// Returns where elements differ.
  public static func .!= (a: Tensor, b: Tensor) -> Tensor { compare(.notEqual, aligned("notEqual", a, b)) }
  /// Returns where elements differ from a number.
  public static func .!= (a: Tensor, b: some TensorScalar) -> Tensor { compare(.notEqual, a.aligned(with: b)) }

  /// Returns where elements of the first are less.
  public static func .< (a: Tensor, b: Tensor) -> Tensor { compare(.less, aligned("less", a, b)) }
  /// Returns where elements are less than a number.
  public static func .< (a: Tensor, b: some TensorScalar) -> Tensor { compare(.less, a.aligned(with: b)) }

  /// Returns where elements of the first are less or equal.
  public static func .<= (a: Tensor, b: Tensor) -> Tensor { compare(.lessEqual, aligned("lessEqual", a, b)) }
  /// Returns where elements are less than or equal to a number.
  public static func .<= (a: Tensor, b: some TensorScalar) -> Tensor { compare(.lessEqual, a.aligned(with: b)) }

  /// Returns where elements of the first are greater.
  public static func .> (a: Tensor, b: Tensor) -> Tensor { compare(.less, swapped(aligned("greater", a, b))) }
  /// Returns where elements are greater than a number.
  public static func .> (a: Tensor, b: some TensorScalar) -> Tensor { compare(.less, swapped(a.aligned(with: b))) }

  /// Returns where elements of the first are greater or equal.
  public static func .>= (a: Tensor, b: Tensor) -> Tensor {
    compare(.lessEqual, swapped(aligned("greaterEqual", a, b)))
  }
  /// Returns where elements are greater than or equal to a number.
  public static func .>= (a: Tensor, b: some TensorScalar) -> Tensor {
    compare(.lessEqual, swapped(a.aligned(with: b)))
  }

  /// Returns where elements are not a number.
  public func isNaN() -> Tensor { Tensor.compare(.notEqual, (self, self)) }

  /// Returns where elements are infinite, of either sign.
  public func isInfinite() -> Tensor { dtype.isFloatingPoint ? abs() .== Double.infinity : .full(shape, false) }

  /// Returns where elements are neither infinite nor NaN.
  public func isFinite() -> Tensor { dtype.isFloatingPoint ? abs() .< Double.infinity : .full(shape, true) }

  /// Returns a comparison of two tensors alike; no gradient flows through one, so none is tracked.
  private static func compare(_ op: BinaryOp, _ operands: (Tensor, Tensor)) -> Tensor {
    let sources = [operands.0.node, operands.1.node]
    return Tensor(node: Node(.binary(op), sources, shape: operands.0.shape, dtype: .bool, tracksGradient: false))
  }
}

extension Tensor {
  /// Returns `a` where `condition` is true and `b` where it is false; all three broadcast, `a` and `b` are promoted.
  ///
  /// What is not chosen has no part in the result, not even a NaN.
  public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    require(condition.dtype == .bool, "where", "condition is \(condition.dtype), not bool")
    let (x, y) = aligned("where", a, b)
    if condition.shape == x.shape { return Primitive.select(condition, x, y) }
    guard let shape = Shape.broadcast(condition.shape, x.shape) else {
      misuse("where", "shapes do not broadcast: condition \(condition.shape), values \(a.shape) and \(b.shape)")
    }
    return Primitive.select(condition.spread(over: shape), x.spread(over: shape), y.spread(over: shape))
  }

  /// Returns the elements of `a` where `condition` is true and a number elsewhere.
  public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: some TensorScalar) -> Tensor {
    let (x, y) = a.over(condition).aligned(with: b)
    return Tensor.where(condition, x, y)
  }

  /// Returns a number where `condition` is true and the elements of `b` elsewhere.
  public static func `where`(_ condition: Tensor, _ a: some TensorScalar, _ b: Tensor) -> Tensor {
    let (y, x) = b.over(condition).aligned(with: a)
    return Tensor.where(condition, x, y)
  }

  /// Returns one number where `condition` is true and another elsewhere; decimals are `float32`.
  public static func `where`<Number: TensorScalar>(_ condition: Tensor, _ a: Number, _ b: Number) -> Tensor {
    Tensor.where(condition, .full(condition.shape, a), .full(condition.shape, b))
  }

  /// Returns the tensor spread over the shape it has in common with another, if there is one.
  private func over(_ other: Tensor) -> Tensor {
    guard let shape = Shape.broadcast(shape, other.shape) else { return self }
    return spread(over: shape)
  }
}
