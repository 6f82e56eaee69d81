/// Running results along an axis: each element is combined with all before it, so the shape stays.
extension Tensor {
  /// Returns the sums so far; integers and truth values are summed as `int64`.
  public func cumsum(axis: Int) -> Tensor { counted.scan(.sum, "cumsum", axis) }

  /// Returns the products so far; integers and truth values are multiplied as `int64`.
  public func cumprod(axis: Int) -> Tensor { counted.scan(.product, "cumprod", axis) }

  /// Returns the largest element so far; NaN from the first one on.
  public func cummax(axis: Int) -> Tensor { scan(.maximum, "cummax", axis) }

  /// Returns the smallest element so far; NaN from the first one on.
  public func cummin(axis: Int) -> Tensor { scan(.minimum, "cummin", axis) }

  private func scan(_ op: ReduceOp, _ name: String, _ axis: Int) -> Tensor {
    Primitive.scan(op, self, axis: resolve(axis: axis, name))
  }
}
