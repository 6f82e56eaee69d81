extension ReduceOp {
  /// Returns the gradient that arrives at the source `x` when `g` arrives at its scan `y` along an axis.
  func derivative(ofScanAlong axis: Int, _ x: Tensor, _ y: Tensor, _ g: Tensor) -> Tensor {
    /// Sums each element and all after it.
    func suffixSums(_ terms: Tensor) -> Tensor {
      let whole = terms.filled(Scalar.integer(0).cast(to: x.dtype), axes: [axis]).viewed(
        axis, as: .constant(x.shape[axis]))
      return Primitive.scan(.sum, whole.flip(axes: [axis]), axis: axis).flip(axes: [axis])
        .viewed(axis, as: x.shape.extents[axis])
    }

    switch self {
    case .sum:
      return suffixSums(g)
    case .maximum, .minimum:
      // It goes to the last of the elements so far that are the extreme; a NaN is one.
      let isExtreme = (x .== y) | (x .!= x)
      let place = Tensor.where(isExtreme, Primitive.iota(axis: axis, x.shape, .int64), 0)
      return Primitive.scatterAdd(.zeros(like: x), Primitive.scan(.maximum, place, axis: axis), g, axis: axis)
    case .product:
      // Every product after a zero is zero. So what is before the first zero has the sum of what it is a factor of, over
      // itself; the first zero has the products without it; what is after it has nothing.
      let zeros = Primitive.scan(.sum, (x .== 0).cast(to: .int32), axis: axis)
      let isFirstZero = (x .== 0) & (zeros .== 1)
      let others = Primitive.scan(.product, Tensor.where(isFirstZero, 1, x), axis: axis)
      let before = suffixSums(g * y) / Tensor.where(x .== 0, 1, x)
      return Tensor.where(zeros .== 0, before, Tensor.where(isFirstZero, suffixSums(g * others), 0))
    }
  }
}
