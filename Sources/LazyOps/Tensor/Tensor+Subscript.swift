extension Tensor {
  /// The part of the tensor that indices choose, one an axis: `x[0]`, `x[1..., -1]`, `x[.newAxis, rows]`. Axes without an
  /// index are whole.
  ///
  /// An integer removes its axis, a range keeps it. A tensor of integers replaces its axis by its own axes, as `take`
  /// does; several such tensors stand side by side, broadcast, and together name single elements.
  ///
  /// Assigning replaces the region in this variable; other copies of the tensor do not change. The value broadcasts and is
  /// cast to the tensor's dtype. Where index tensors name an element more than once, the last value stays. A tensor of
  /// truth values can be assigned to: it stands for as many axes as it has, and the value, which is the same for all
  /// places on these, goes where it is true.
  ///
  /// Nothing is copied where nobody else holds the tensor: `x[i] = row` then costs a row. In a tensor that is computed,
  /// integers are handed to the kernels when they run, so that a loop over rows compiles one; `.argument(i)` asks for
  /// that everywhere.
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
    Tensor.require(
      selection.mask == nil, "subscript",
      "how many elements a mask selects is known only when it is computed; use where")
    let part = Primitive.reshape(region(selection), to: Shape(extents: selection.extents))
    guard let first = selection.tensors.first else { return part }
    if selection.tensors.count == 1 { return part.take(first.index, axis: first.axis) }
    let (place, axes) = part.place(of: selection.tensors)
    return part.flatten(from: axes.lowerBound, through: axes.upperBound).take(place, axis: axes.lowerBound)
  }

  /// Returns the region of a selection.
  func region(_ selection: TensorSelection) -> Tensor {
    selection.lengths.reduce(sliced(selection.ranges)) { $0.viewed($1.axis, as: .variable($1.length)) }
  }

  /// Returns index tensors for several neighbouring axes as one for the axis that these make when they are flattened.
  func place(of tensors: [(axis: Int, index: Tensor)]) -> (place: Tensor, axes: ClosedRange<Int>) {
    let axes = tensors[0].axis...tensors[tensors.count - 1].axis
    if tensors.count == 1 { return (tensors[0].index.asIndex("subscript"), axes) }
    for axis in axes { requireConstant(axis, "subscript") }
    Tensor.require(
      axes.count == tensors.count, "subscript",
      "index tensors stand on axes \(tensors.map(\.axis)) of \(shape), which are not side by side")
    var place = Tensor.full([], 0)
    var isInside = Tensor.full([], true)
    for (axis, index) in tensors {
      Tensor.require(index.dtype.isInteger, "subscript", "indices are \(index.dtype), not integers")
      let index = index.cast(to: .int64)
      isInside = isInside .& (index .>= 0) .& (index .< shape[axis])
      place = place * shape[axis] + index
    }
    // An index that is wrong on its own axis must not name an element by chance: -1 is found when it is used.
    return (Tensor.where(isInside, place, -1), axes)
  }
}
