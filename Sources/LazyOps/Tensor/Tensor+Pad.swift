extension Tensor {
  /// Returns the tensor with `value` before and after the elements of each axis. self: [n...] -> [low + n + high...]
  ///
  /// - Parameter widths: how many to put before and after, one pair an axis.
  public func pad(_ widths: [(low: Int, high: Int)], value: some TensorScalar = 0) -> Tensor {
    pad(widths, filler: value.tensorScalar)
  }

  /// Returns the tensor with `filler` before and after the elements of each axis.
  func pad(_ widths: [(low: Int, high: Int)], filler: Scalar) -> Tensor {
    Tensor.require(
      widths.count == rank && widths.allSatisfy { $0.low >= 0 && $0.high >= 0 }, "pad",
      "\(widths.map { [$0.low, $0.high] }) are not widths for the axes of shape \(shape)")
    if widths.allSatisfy({ $0.low == 0 && $0.high == 0 }) { return self }
    for axis in 0..<rank where widths[axis] != (0, 0) { requireConstant(axis, "pad") }
    let ranges = zip(widths, shape.dimensions).map { AxisRange(start: $0.low, count: $1) }
    let padded = Shape(
      extents: zip(widths, shape.extents).map { $0 == (0, 0) ? $1 : .constant($0.low + $1.bound + $0.high) })
    let result = Primitive.pad(self, ranges, to: padded)
    let filler = filler.cast(to: dtype)
    if filler == Scalar.integer(0).cast(to: dtype) { return result }
    let inside = Primitive.pad(.full(shape, true), ranges, to: padded)
    return Primitive.select(inside, result, Primitive.constant(filler, padded, dtype))
  }

  /// Returns the tensor with `value` before and after the elements of one axis.
  public func pad(axis: Int, low: Int, high: Int, value: some TensorScalar = 0) -> Tensor {
    var widths = [(low: Int, high: Int)](repeating: (0, 0), count: rank)
    widths[resolve(axis: axis, "pad")] = (low, high)
    return pad(widths, value: value)
  }

  /// Returns copies of the whole tensor side by side, `counts[i]` of them along axis `i`. [n...] -> [counts * n...]
  public func tile(_ counts: [Int]) -> Tensor {
    Tensor.require(
      counts.count == rank && counts.allSatisfy { $0 >= 0 }, "tile",
      "\(counts) are not counts for the axes of shape \(shape)")
    requireConstant("tile")
    let extents = shape.dimensions
    let apart = Primitive.reshape(self, to: Shape(extents.flatMap { [1, $0] }))
    let copies = Primitive.expand(apart, to: Shape(zip(counts, extents).flatMap { [$0, $1] }))
    return Primitive.reshape(copies, to: Shape(zip(counts, extents).map(*)))
  }

  /// Returns each element along an axis `count` times in a row. [..., n, ...] -> [..., n * count, ...]
  public func repeated(_ count: Int, axis: Int) -> Tensor {
    let axis = resolve(axis: axis, "repeated")
    Tensor.require(count >= 0, "repeated", "count is \(count)")
    requireConstant(axis, "repeated")
    let copies = unsqueezed(at: axis + 1)
    return Primitive.reshape(
      Primitive.expand(copies, to: copies.shape.replacing(axis + 1, by: count)),
      to: shape.replacing(axis, by: shape[axis] * count))
  }

  /// Returns the tensor with its elements moved up along an axis, those beyond the end coming back at the start.
  public func roll(_ distance: Int, axis: Int) -> Tensor {
    let axis = resolve(axis: axis, "roll")
    requireConstant(axis, "roll")
    let extent = shape[axis]
    guard extent > 0 else { return self }
    let split = extent - ((distance % extent) + extent) % extent
    if split == extent { return self }
    return .concatenate([sliced(axis, split..<extent), sliced(axis, 0..<split)], axis: axis)
  }

  /// Returns the elements whose last two indices are equal. [..., m, n] -> [..., min(m, n)]
  public func diagonal() -> Tensor {
    Tensor.require(rank >= 2, "diagonal", "shape \(shape) has no rows and columns")
    requireConstant(rank - 1, "diagonal")
    requireConstant(rank - 2, "diagonal")
    let count = Swift.min(shape[rank - 1], shape[rank - 2])
    let square = sliced(rank - 2, 0..<count).sliced(rank - 1, 0..<count)
    // In rows one longer, the diagonal is the first column.
    let outer = Array(shape.dimensions.dropLast(2))
    let flat = Primitive.reshape(square, to: Shape(outer + [count * count])).pad(axis: -1, low: 0, high: count)
    return Primitive.reshape(flat, to: Shape(outer + [count, count + 1])).sliced(rank - 1, 0..<1).squeezed(at: -1)
  }

  /// Returns the elements of a range along one axis, which is within its extent.
  func sliced(_ axis: Int, _ range: Range<Int>) -> Tensor {
    sliced(
      shape.dimensions.enumerated().map {
        $0 == axis ? AxisRange(start: range.lowerBound, count: range.count) : AxisRange(start: 0, count: $1)
      })
  }
}
