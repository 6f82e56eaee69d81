extension Tensor {
  /// Returns the mean of floating-point elements; NaN of none. `axes: nil` means all of them.
  public func mean(axes: [Int]? = nil, keepDimensions: Bool = false) -> Tensor {
    requireFloating("mean")
    let axes = resolve(axes: axes, "mean")
    return widened { $0.reduce(.sum, "mean", axes, keepDimensions).divided(byCountAlong: axes, of: self) }
  }
  /// Returns the mean along one axis.
  public func mean(axis: Int, keepDimensions: Bool = false) -> Tensor {
    mean(axes: [axis], keepDimensions: keepDimensions)
  }

  /// Returns the mean square distance from the mean, computed in two passes. `axes: nil` means all of them.
  ///
  /// - Parameter correction: what is subtracted from the count that the sum is divided by: 1 for the unbiased estimate
  ///   from a sample (Bessel), 0 for the whole population.
  public func variance(axes: [Int]? = nil, correction: Int = 1, keepDimensions: Bool = false) -> Tensor {
    requireFloating("variance")
    let axes = resolve(axes: axes, "variance")
    return widened { x in
      let centered = x - x.mean(axes: axes, keepDimensions: true)
      let squares = centered.square().reduce(.sum, "variance", axes, keepDimensions)
      return squares.divided(byCountAlong: axes, less: correction, of: self)
    }
  }
  /// Returns the variance along one axis.
  public func variance(axis: Int, correction: Int = 1, keepDimensions: Bool = false) -> Tensor {
    variance(axes: [axis], correction: correction, keepDimensions: keepDimensions)
  }

  /// Returns the square root of the variance.
  public func standardDeviation(axes: [Int]? = nil, correction: Int = 1, keepDimensions: Bool = false) -> Tensor {
    requireFloating("standardDeviation")
    return widened { $0.variance(axes: axes, correction: correction, keepDimensions: keepDimensions).sqrt() }
  }
  /// Returns the standard deviation along one axis.
  public func standardDeviation(axis: Int, correction: Int = 1, keepDimensions: Bool = false) -> Tensor {
    standardDeviation(axes: [axis], correction: correction, keepDimensions: keepDimensions)
  }

  /// Returns (sum |x|^order)^(1 / order): the Euclidean length for 2, the largest magnitude for infinity, the count of
  /// what is not zero for 0. `axes: nil` means all of them. The derivative of the length 0 is 0.
  public func norm(order: Double = 2, axes: [Int]? = nil, keepDimensions: Bool = false) -> Tensor {
    requireFloating("norm")
    if dtype.isHalf { return widened { $0.norm(order: order, axes: axes, keepDimensions: keepDimensions) } }
    let axes = resolve(axes: axes, "norm")
    if order == .infinity { return abs().max(axes: axes, keepDimensions: keepDimensions) }
    if order == -.infinity { return abs().min(axes: axes, keepDimensions: keepDimensions) }
    func sum(_ terms: Tensor) -> Tensor { terms.reduce(.sum, "norm", axes, keepDimensions) }
    if order == 0 { return sum((self .!= 0).cast(to: dtype)) }
    if order == 1 { return sum(abs()) }
    if order != 2 { return sum(abs().pow(order)).pow(1 / order) }
    // The root's derivative at 0 is infinite, and infinity times 0 is NaN: the root is not taken there.
    let squares = sum(square())
    let isZero = squares .== 0
    return Tensor.where(isZero, 0, Tensor.where(isZero, 1, squares).sqrt())
  }
  /// Returns the norm along one axis.
  public func norm(order: Double = 2, axis: Int, keepDimensions: Bool = false) -> Tensor {
    norm(order: order, axes: [axis], keepDimensions: keepDimensions)
  }

  /// Returns log(sum(exp(x))), which does not overflow. `axes: nil` means all of them.
  public func logSumExp(axes: [Int]? = nil, keepDimensions: Bool = false) -> Tensor {
    if dtype.isHalf { return widened { $0.logSumExp(axes: axes, keepDimensions: keepDimensions) } }
    let x = floating
    let axes = resolve(axes: axes, "logSumExp")
    let shift = x.shift(axes, "logSumExp")
    // An infinite maximum must not be subtracted from itself.
    let finite = Tensor.where(shift.isInfinite(), 0, shift)
    let result = (x - finite).exp().reduce(.sum, "logSumExp", axes, true).log() + finite
    return keepDimensions ? result : Primitive.reshape(result, to: shape.removing(axes))
  }
  /// Returns log(sum(exp(x))) along one axis.
  public func logSumExp(axis: Int, keepDimensions: Bool = false) -> Tensor {
    logSumExp(axes: [axis], keepDimensions: keepDimensions)
  }

  /// Returns the maxima along axes, which are kept, or zeros where there are no elements; no gradient flows through them.
  func shift(_ axes: [Int], _ op: String) -> Tensor {
    if axes.contains(where: { shape[$0] == 0 }) { return .zeros(shape.collapsing(axes), dtype: dtype) }
    return Primitive.detach(reduce(.maximum, op, axes, true))
  }

  private func requireFloating(_ op: String) {
    Tensor.require(dtype.isFloatingPoint, op, "takes floating-point elements, not \(dtype); cast first")
  }
}
