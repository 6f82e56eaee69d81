extension Tensor {
  /// The part of the tensor that indices choose, one an axis: `x[0]`, `x[1..., -1]`, `x[.newAxis, rows]`. Axes without an
  /// index are whole.
  ///
  /// An integer removes its axis, a range keeps it. A tensor of integers replaces its axis by its own axes, as `take`
  /// does; several such tensors stand side by side, broadcast, and together name single elements.
  ///
  /// Assigning replaces the region in this variable; other copies of the tensor do not change. The value broadcasts and is
  /// cast to the tensor's dtype.
  public subscript(indices: any TensorIndex...) -> Tensor {
    get { selecting(indices.map(\.tensorIndexItem)) }
    set { self = replacing(indices.map(\.tensorIndexItem), with: newValue) }
  }

  /// The part of the tensor that indices for its last axes choose: `x[..., 0]`; all of it for `x[...]`.
  public subscript(ellipsis: UnboundedRange, indices: any TensorIndex...) -> Tensor {
    get { selecting([.ellipsis] + indices.map(\.tensorIndexItem)) }
    set { self = replacing([.ellipsis] + indices.map(\.tensorIndexItem), with: newValue) }
  }

  /// The part of the tensor that indices for its first and its last axes choose: `x[0, ..., -1]`.
  public subscript(first: any TensorIndex, ellipsis: UnboundedRange, indices: any TensorIndex...) -> Tensor {
    get { selecting([first.tensorIndexItem, .ellipsis] + indices.map(\.tensorIndexItem)) }
    set { self = replacing([first.tensorIndexItem, .ellipsis] + indices.map(\.tensorIndexItem), with: newValue) }
  }

  private func selecting(_ items: [TensorIndexItem]) -> Tensor {
    let selection = TensorSelection(items, of: shape)
    let part = Primitive.reshape(sliced(selection.ranges), to: Shape(selection.extents))
    guard let first = selection.tensors.first else { return part }
    if selection.tensors.count == 1 { return part.take(first.index, axis: first.axis) }
    return part.taking(selection.tensors.map(\.index), axes: selection.tensors.map(\.axis))
  }

  private func replacing(_ items: [TensorIndexItem], with value: Tensor) -> Tensor {
    let selection = TensorSelection(items, of: shape)
    Tensor.require(
      selection.tensors.isEmpty, "subscript", "a region given by a tensor cannot be assigned to; use scatterAdd")
    let extents = Shape(selection.extents)
    Tensor.require(
      Shape.broadcast(value.shape, extents) == extents, "subscript",
      "a value of shape \(value.shape) does not broadcast to the region's \(extents)")
    let region = Primitive.reshape(
      value.cast(to: dtype).spread(over: extents), to: Shape(selection.ranges.map(\.count)))
    if zip(selection.ranges, shape.dimensions).allSatisfy({ $0.isWhole($1) }) { return region }
    return region.elementCount == 0 ? self : Primitive.update(self, selection.ranges, region)
  }

  /// Returns the elements at the places that index tensors, one for each of several neighbouring axes, name together.
  private func taking(_ indices: [Tensor], axes: [Int]) -> Tensor {
    Tensor.require(
      axes.last! - axes[0] == axes.count - 1, "subscript",
      "index tensors stand on axes \(axes) of \(shape), which are not side by side")
    var place = Tensor.full([], 0)
    var isInside = Tensor.full([], true)
    for (axis, index) in zip(axes, indices) {
      Tensor.require(index.dtype.isInteger, "subscript", "indices are \(index.dtype), not integers")
      let index = index.cast(to: .int64)
      isInside = isInside .& (index .>= 0) .& (index .< shape[axis])
      place = place * shape[axis] + index
    }
    // An index that is wrong on its own axis must not name an element by chance: -1 is found when it is used.
    let checked = Tensor.where(isInside, place, -1)
    return flatten(from: axes[0], through: axes.last!).take(checked, axis: axes[0])
  }
}
