/// Axes of run-time length: memory is laid out for the bound, and wherever an element's value would count in others, what
/// lies beyond the length is replaced by what changes nothing. All else is as if the extent were the bound.
extension Tensor {
  /// Returns where the index on an axis is below a length. -> bool, of a shape
  private static func isWithin(_ length: Length, axis: Int, _ shape: Shape) -> Tensor {
    let number = Tensor(node: length.node).spread(over: shape)
    return Primitive.binary(.less, Primitive.iota(axis: axis, shape, .int64), number)
  }

  /// Returns the tensor with a value in place of what lies beyond the lengths of some axes, all unless named.
  func filled(_ value: Scalar, axes: [Int]? = nil) -> Tensor {
    var result = self
    for axis in axes ?? Array(0..<rank) {
      guard let length = shape.extents[axis].length else { continue }
      let filler = Primitive.constant(value, shape, dtype)
      result = Primitive.select(Tensor.isWithin(length, axis: axis, shape), result, filler)
    }
    return result
  }

  /// Returns the tensor with another extent on an axis: a length and its bound are laid out alike. What lies beyond a
  /// length has no meaning.
  func viewed(_ axis: Int, as extent: Extent) -> Tensor {
    let shape = shape.replacing(axis, by: extent)
    if shape == self.shape { return self }
    return Tensor(
      .slice(self.shape.dimensions.map { AxisRange(start: 0, count: $0) }), [self], shape: shape, dtype: dtype)
  }

  /// Returns the tensor under another shape of the same bounds.
  func viewed(as shape: Shape) -> Tensor {
    shape.extents.enumerated().reduce(self) { $0.viewed($1.offset, as: $1.element) }
  }

  /// Returns the tensor, which is of the shape of another but for lengths, with the elements of that one beyond these.
  func within(_ other: Tensor) -> Tensor {
    let masks = shape.variableAxes.filter { shape.extents[$0] != other.shape.extents[$0] }.map { axis in
      Tensor.isWithin(shape.extents[axis].length!, axis: axis, other.shape)
    }
    guard let first = masks.first else { return self }
    let mask = masks.dropFirst().reduce(first) { Primitive.binary(.and, $0, $1) }
    return Primitive.select(mask, viewed(as: other.shape), other)
  }

  /// Returns indices for an axis of this tensor, -1 in place of those beyond its length: they are found when used.
  func checked(_ index: Tensor, on axis: Int) -> Tensor {
    guard let length = shape.extents[axis].length else { return index }
    return Tensor.where(index .< length.tensor, index, -1)
  }

  /// Stops where the extent of an axis is a run-time length, which the op cannot have there.
  func requireConstant(_ axis: Int, _ op: String) { Tensor.requireConstant(axis, of: shape, op) }

  /// Stops where an extent of a shape is a run-time length.
  static func requireConstant(_ axis: Int, of shape: Shape, _ op: String) {
    require(
      shape.extents[axis].length == nil, op, "axis \(axis) of shape \(shape) has a run-time length: it is taken whole")
  }

  /// Stops where any extent is a run-time length.
  func requireConstant(_ op: String) { for axis in 0..<rank { requireConstant(axis, op) } }

  /// Returns the tensor divided by the number of elements of another along some axes, or by less than that.
  func divided(byCountAlong axes: [Int], less correction: Int = 0, of counted: Tensor) -> Tensor {
    let constant = axes.reduce(1) { $0 * (counted.shape.extents[$1].length == nil ? counted.shape[$1] : 1) }
    let lengths = axes.compactMap { counted.shape.extents[$0].length }
    guard !lengths.isEmpty else { return self / Swift.max(constant - correction, 0) }
    let count = lengths.reduce(Tensor.full([], constant)) { $0 * $1.tensor } - correction
    return self / Tensor.maximum(count, 0).cast(to: dtype)
  }
}
