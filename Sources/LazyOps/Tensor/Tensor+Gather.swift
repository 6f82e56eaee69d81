/// Elements chosen by indices that are data themselves: integers from 0 to the extent - 1. Others, negative ones too,
/// are found when the tensor is computed.
extension Tensor {
  /// Returns the slices along an axis that an index tensor names. self: [a..., n, b...], indices: [i...] -> [a..., i...,
  /// b...]
  public func take(_ indices: Tensor, axis: Int = 0) -> Tensor {
    let axis = resolve(axis: axis, "take")
    // Indices of a run-time length among other axes have no axis of their own when they are flat: all of the bound are
    // looked up, those beyond the length at 0.
    let known = indices.asIndex("take").filled(.integer(0)).viewed(as: indices.shape.laidOut)
    let flat = Primitive.reshape(known, to: [indices.elementCount])
    let alone = [Int](repeating: 1, count: axis) + [flat.elementCount] + [Int](repeating: 1, count: rank - axis - 1)
    let index = Primitive.reshape(flat, to: Shape(alone))
    let taken = Primitive.gather(
      self, Primitive.expand(index, to: shape.replacing(axis, by: flat.elementCount)), axis: axis)
    let (before, after) = (Array(shape.extents[..<axis]), Array(shape.extents[(axis + 1)...]))
    let placed = Primitive.reshape(
      taken, to: Shape(extents: before + indices.shape.laidOut.extents + after))
    return placed.viewed(as: Shape(extents: before + indices.shape.extents + after))
  }

  /// Returns the rows of a table (`self`) that an index tensor names. self: [count, width], indices: [i...] -> [i...,
  /// width]
  public func embedding(_ indices: Tensor) -> Tensor {
    Tensor.require(rank == 2, "embedding", "the table is of shape \(shape), not [count, width]")
    return take(indices, axis: 0)
  }

  /// Returns, at each place of `index`, the element with that index on an axis, and the place's own on all others. self:
  /// [a..., n, b...], index: [a..., k, b...] -> index's shape. Other extents of `index` may be smaller than those of
  /// `self`.
  public func gather(_ index: Tensor, axis: Int) -> Tensor {
    let axis = resolve(axis: axis, "gather")
    Tensor.require(
      index.rank == rank && (0..<rank).allSatisfy { $0 == axis || index.shape[$0] <= shape[$0] }, "gather",
      "index \(index.shape) does not fit \(shape) on axis \(axis)")
    let data = sliced(
      shape.dimensions.enumerated().map { place, extent in
        AxisRange(start: 0, count: place == axis ? extent : index.shape[place])
      })
    return Primitive.gather(data, index.asIndex("gather"), axis: axis)
  }

  /// Returns the tensor with each value added to the element that has the index beside it on an axis, and the value's
  /// own on all others. self: [a..., n, b...], index and values: [a..., k, b...] -> self's shape
  public func scatterAdd(_ index: Tensor, _ values: Tensor, axis: Int) -> Tensor {
    let axis = resolve(axis: axis, "scatterAdd")
    Tensor.require(dtype != .bool, "scatterAdd", "does not take bool")
    Tensor.require(
      index.shape.isEqual(to: shape, exceptAt: axis) && values.shape == index.shape, "scatterAdd",
      "index \(index.shape) and values \(values.shape) do not fit \(shape) on axis \(axis)")
    return Primitive.scatterAdd(self, index.asIndex("scatterAdd"), values.cast(to: dtype), axis: axis)
  }

  /// Returns the tensor in a dtype that can be an index.
  func asIndex(_ op: String) -> Tensor {
    Tensor.require(dtype.isInteger, op, "indices are \(dtype), not integers")
    switch dtype {
    case .int32, .int64: return self
    case .int8, .uint8, .int16, .uint16: return cast(to: .int32)
    case .uint32, .uint64: return cast(to: .int64)
    case .bool, .float16, .bfloat16, .float32, .float64: preconditionFailure("bug: \(dtype) indices")
    }
  }
}
