/// Reductions along axes, which are removed from the shape, or kept with extent 1. `axes: nil` means all of them.
extension Tensor {
  /// Returns the sum; integers and truth values are summed as `int64`. Of no elements it is 0.
  public func sum(axes: [Int]? = nil, keepDimensions: Bool = false) -> Tensor {
    counted.reduce(.sum, "sum", axes, keepDimensions)
  }
  /// Returns the sum along one axis.
  public func sum(axis: Int, keepDimensions: Bool = false) -> Tensor {
    sum(axes: [axis], keepDimensions: keepDimensions)
  }

  /// Returns the product; integers and truth values are multiplied as `int64`. Of no elements it is 1.
  public func product(axes: [Int]? = nil, keepDimensions: Bool = false) -> Tensor {
    counted.reduce(.product, "product", axes, keepDimensions)
  }
  /// Returns the product along one axis.
  public func product(axis: Int, keepDimensions: Bool = false) -> Tensor {
    product(axes: [axis], keepDimensions: keepDimensions)
  }

  /// Returns the largest element; NaN where there is one. There is at least one element.
  public func max(axes: [Int]? = nil, keepDimensions: Bool = false) -> Tensor {
    filled("max", axes).reduce(.maximum, "max", axes, keepDimensions)
  }
  /// Returns the largest element along one axis.
  public func max(axis: Int, keepDimensions: Bool = false) -> Tensor {
    max(axes: [axis], keepDimensions: keepDimensions)
  }

  /// Returns the smallest element; NaN where there is one. There is at least one element.
  public func min(axes: [Int]? = nil, keepDimensions: Bool = false) -> Tensor {
    filled("min", axes).reduce(.minimum, "min", axes, keepDimensions)
  }
  /// Returns the smallest element along one axis.
  public func min(axis: Int, keepDimensions: Bool = false) -> Tensor {
    min(axes: [axis], keepDimensions: keepDimensions)
  }

  /// Returns whether any element is true, or not zero. Of no elements it is false.
  public func any(axes: [Int]? = nil, keepDimensions: Bool = false) -> Tensor {
    cast(to: .bool).reduce(.maximum, "any", axes, keepDimensions)
  }
  /// Returns whether any element along one axis is true, or not zero.
  public func any(axis: Int, keepDimensions: Bool = false) -> Tensor {
    any(axes: [axis], keepDimensions: keepDimensions)
  }

  /// Returns whether all elements are true, or not zero. Of no elements it is true.
  public func all(axes: [Int]? = nil, keepDimensions: Bool = false) -> Tensor {
    cast(to: .bool).reduce(.minimum, "all", axes, keepDimensions)
  }
  /// Returns whether all elements along one axis are true, or not zero.
  public func all(axis: Int, keepDimensions: Bool = false) -> Tensor {
    all(axes: [axis], keepDimensions: keepDimensions)
  }

  /// Returns the index of the first largest element along an axis, as `int64`; a NaN counts as the largest. There is at
  /// least one element.
  public func argmax(axis: Int, keepDimensions: Bool = false) -> Tensor {
    index(of: .maximum, "argmax", axis, keepDimensions)
  }
  /// Returns the index, in row-major order, of the first largest element of all. -> int64 scalar
  public func argmax() -> Tensor { flatten().argmax(axis: 0) }

  /// Returns the index of the first smallest element along an axis, as `int64`; a NaN counts as the smallest. There is
  /// at least one element.
  public func argmin(axis: Int, keepDimensions: Bool = false) -> Tensor {
    index(of: .minimum, "argmin", axis, keepDimensions)
  }
  /// Returns the index, in row-major order, of the first smallest element of all. -> int64 scalar
  public func argmin() -> Tensor { flatten().argmin(axis: 0) }
}

extension Tensor {
  /// Returns the axes counted from the front, in ascending order; all axes for nil.
  func resolve(axes: [Int]?, _ op: String) -> [Int] {
    guard let axes else { return Array(0..<rank) }
    if axes.count == 1 { return [resolve(axis: axes[0], op)] }
    let resolved = axes.map { resolve(axis: $0, op) }.sorted()
    Tensor.require(
      zip(resolved, resolved.dropFirst()).allSatisfy { $0 != $1 }, op, "axes \(axes) name one axis of \(shape) twice")
    return resolved
  }

  /// Returns the elements along axes combined, in the dtype they have.
  func reduce(_ op: ReduceOp, _ name: String, _ axes: [Int]?, _ keepDimensions: Bool) -> Tensor {
    let axes = resolve(axes: axes, name)
    if axes.isEmpty { return self }
    let result = Primitive.reduce(op, self, axes: axes)
    return keepDimensions ? Primitive.reshape(result, to: shape.collapsing(axes)) : result
  }

  /// The tensor in the dtype its elements are summed in.
  var counted: Tensor { dtype.isFloatingPoint ? self : cast(to: .int64) }

  /// Returns the tensor itself, having made sure that there are elements along the axes.
  private func filled(_ op: String, _ axes: [Int]?) -> Tensor {
    for axis in resolve(axes: axes, op) {
      Tensor.require(shape[axis] > 0, op, "axis \(axis) of shape \(shape) has no elements")
    }
    return self
  }

  /// Returns the least index at which the extreme stands.
  private func index(of op: ReduceOp, _ name: String, _ axis: Int, _ keepDimensions: Bool) -> Tensor {
    let axis = resolve(axis: axis, name)
    let x = filled(name, [axis])
    // Blocks are cut from a constant extent.
    let isWhole = x.shape.extents[axis].length != nil || x.shape[axis] < 2 * Tensor.indexBlock
    let index = isWhole ? x.index(of: op, axis) : x.indexInBlocks(of: op, axis)
    return keepDimensions ? index : Primitive.reshape(index, to: x.shape.removing([axis]))
  }

  /// The elements of a block in which an extreme is looked for: few beside all of a long axis, and many beside the
  /// blocks' own extremes.
  private static let indexBlock = 4096

  /// The index at which the extreme stands, the axis kept.
  private func index(of op: ReduceOp, _ axis: Int) -> Tensor {
    place(of: op, axis, among: Primitive.iota(axis: axis, shape, .int64), orElse: shape[axis])
  }

  /// The least of the places of those elements along an axis that are the extreme.
  private func place(of op: ReduceOp, _ axis: Int, among places: Tensor, orElse none: Int) -> Tensor {
    let extreme = reduce(op, "argmax", [axis], true)
    let hit = dtype.isFloatingPoint ? (self .== extreme) | isNaN() : self .== extreme
    return Tensor.where(hit, places, none).reduce(.minimum, "argmax", [axis], true)
  }

  /// The same for a long axis, which is read once: the extreme of each block tells in which one to look.
  private func indexInBlocks(of op: ReduceOp, _ axis: Int) -> Tensor {
    let (extent, size) = (shape[axis], Tensor.indexBlock)
    let whole = extent / size * size
    func part(_ range: Range<Int>) -> Tensor {
      var ranges = shape.dimensions.map { AxisRange(start: 0, count: $0) }
      ranges[axis] = AxisRange(start: range.lowerBound, count: range.count)
      return Primitive.slice(self, ranges)
    }
    var extents = shape.replacing(axis, by: size).dimensions
    extents.insert(whole / size, at: axis)
    var extremes = Primitive.reduce(op, Primitive.reshape(part(0..<whole), to: Shape(extents)), axes: [axis + 1])
    if whole < extent {
      extremes = Tensor.concatenate([extremes, part(whole..<extent).reduce(op, "argmax", [axis], true)], axis: axis)
    }
    let first = extremes.index(of: op, axis) * Int64(size)
    let steps = Primitive.iota(axis: axis, shape.replacing(axis, by: size), .int64)
    // Past the end the last element stands in.
    let places = Tensor.minimum(first + steps, Int64(extent - 1))
    return Primitive.gather(self, places, axis: axis).place(of: op, axis, among: places, orElse: extent)
  }
}
