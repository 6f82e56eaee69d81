extension Tensor {
  /// Returns the tensor with the part that indices choose replaced by a value that broadcasts to it.
  func replacing(_ items: [TensorIndexItem], with value: Tensor) -> Tensor {
    let selection = TensorSelection(positionsAsArguments(items), of: shape)
    if let mask = selection.mask { return replacing(selection, where: mask.tensor, on: mask.axes, with: value) }
    if !selection.tensors.isEmpty { return replacing(selection, atIndicesWith: value) }
    return updating(selection.ranges, with: value.spread(asRegion: Shape(extents: selection.extents)))
  }

  /// Returns integers for the first axes of a tensor in memory as arguments: a loop over its rows compiles one kernel.
  ///
  /// In a tensor yet to be computed the place stays a part of the structure, which fuses better; and in the body of a
  /// captured function, where a number that changes from call to call is to be found.
  private func positionsAsArguments(_ items: [TensorIndexItem]) -> [TensorIndexItem] {
    guard isRealized, RandomGenerator.recorder == nil, items.count <= rank else { return items }
    var positions: [TensorIndexItem] = []
    for (axis, item) in items.enumerated() {
      guard case .element(let index) = item.kind else { return items }
      let position = index < 0 ? index + shape[axis] : index
      guard 0..<shape[axis] ~= position else { return items }  // what is wrong is said later
      positions.append(.argument(position))
    }
    return positions
  }

  /// Returns the tensor with a region replaced; the value has as many elements and any dtype.
  private func updating(_ ranges: [AxisRange], with value: Tensor) -> Tensor {
    let counts = Shape(ranges.map(\.count)).keepingLengths(of: shape) ?? Shape(ranges.map(\.count))
    let cut = Primitive.reshape(value.cast(to: dtype), to: Shape(ranges.map(\.count)))
    let region = cut.shape.isVariable ? cut.within(sliced(ranges)) : cut.viewed(as: counts)
    if zip(ranges, shape.dimensions).allSatisfy({ $0.isWhole($1) }) { return region }
    return region.elementCount == 0 ? self : Primitive.update(self, ranges, region)
  }

  /// Returns the tensor with the elements replaced that index tensors name.
  private func replacing(_ selection: TensorSelection, atIndicesWith value: Tensor) -> Tensor {
    let part = Primitive.reshape(region(selection), to: Shape(extents: selection.extents))
    let (place, axes) = part.place(of: selection.tensors)
    let target = part.flatten(from: axes.lowerBound, through: axes.upperBound)
    let (before, after) = (selection.extents[..<axes.lowerBound], selection.extents[(axes.upperBound + 1)...])
    let values = value.cast(to: dtype).spread(asRegion: Shape(extents: before + place.shape.extents + after))
    Tensor.require(
      target.shape[axes.lowerBound] > 0 || place.elementCount == 0, "subscript",
      "an index into an axis of no elements of shape \(shape)")
    let changed = Primitive.put(
      target, Primitive.reshape(place, to: [place.elementCount]),
      Primitive.reshape(values, to: Shape(extents: before + [.constant(place.elementCount)] + after)),
      axis: axes.lowerBound)
    return updating(selection.ranges, with: changed)
  }

  /// Returns the tensor with a value where `mask`, which stands on some axes of the selection, is true.
  private func replacing(
    _ selection: TensorSelection, where mask: Tensor, on axes: Range<Int>, with value: Tensor
  ) -> Tensor {
    let extents = Shape(extents: selection.extents)
    Tensor.require(
      mask.shape.extents == Array(selection.extents[axes]), "subscript",
      "a mask of shape \(mask.shape) for axes \(Array(axes)) of \(extents)")
    let values = value.cast(to: dtype).spread(asRegion: extents.collapsing(Array(axes)))
    let inner = [Extent](repeating: .constant(1), count: extents.rank - axes.upperBound)
    let outer = Shape(extents: mask.shape.extents + inner)
    let condition = Primitive.reshape(mask, to: outer)
    let part = Primitive.reshape(region(selection), to: extents)
    return updating(selection.ranges, with: Tensor.where(condition, values, part))
  }

  /// Returns the value broadcast to the shape of the region it is assigned to.
  private func spread(asRegion extents: Shape) -> Tensor {
    Tensor.require(
      Shape.broadcast(shape, extents) == extents, "subscript",
      "a value of shape \(shape) does not broadcast to the region's \(extents)")
    return spread(over: extents)
  }
}
