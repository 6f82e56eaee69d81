/// Other orders and shapes of the same elements; none of these computes or copies anything by itself.
extension Tensor {
  /// Returns the elements in row-major order under another shape. One extent may be -1: it follows from the others.
  ///
  /// An axis of run-time length stays one: its extent is the bound, or -1.
  public func reshape(_ extents: [Int]) -> Tensor {
    func fail() -> Never { Tensor.misuse("reshape", "\(shape) does not reshape to \(extents)") }
    guard extents.contains(where: { $0 < 0 }) else {
      let shape = Shape(extents)
      if shape.elementCount != elementCount { fail() }
      return Primitive.reshape(self, to: shape)
    }
    let known = extents.reduce(1) { $1 == -1 ? $0 : $0 * $1 }
    guard extents.count(where: { $0 < 0 }) == 1, known > 0, elementCount % known == 0 else { fail() }
    return Primitive.reshape(self, to: Shape(extents.map { $0 == -1 ? elementCount / known : $0 }))
  }

  /// Returns the elements in row-major order under another shape. One extent may be -1: it follows from the others.
  public func reshape(_ extents: Int...) -> Tensor { reshape(extents) }

  /// Returns the elements in row-major order under another shape, which has as many.
  public func reshape(to shape: Shape) -> Tensor {
    Tensor.require(shape.elementCount == elementCount, "reshape", "\(self.shape) does not reshape to \(shape)")
    return Primitive.reshape(self, to: shape)
  }

  /// Returns the tensor with the axes from `first` through `last` merged into one; a scalar becomes [1].
  public func flatten(from first: Int = 0, through last: Int = -1) -> Tensor {
    if rank == 0 { return Primitive.reshape(self, to: [1]) }
    let (first, last) = (resolve(axis: first, "flatten"), resolve(axis: last, "flatten"))
    Tensor.require(first <= last, "flatten", "axis \(first) is after axis \(last)")
    let extents = shape.dimensions
    let merged = extents[first...last].reduce(1, *)
    return Primitive.reshape(self, to: Shape(extents[..<first] + [merged] + extents[(last + 1)...]))
  }

  /// Returns the tensor with a new axis of extent 1 before axis `axis`; -1 puts it last.
  public func unsqueezed(at axis: Int) -> Tensor {
    let place = axis < 0 ? axis + rank + 1 : axis
    Tensor.require(0...rank ~= place, "unsqueezed", "axis \(axis) is out of range for a new axis of shape \(shape)")
    var extents = shape.extents
    extents.insert(.constant(1), at: place)
    return Primitive.reshape(self, to: Shape(extents: extents))
  }

  /// Returns the tensor without an axis, whose extent is 1.
  public func squeezed(at axis: Int) -> Tensor {
    let place = resolve(axis: axis, "squeezed")
    Tensor.require(
      shape.extents[place] == .constant(1), "squeezed", "axis \(axis) of shape \(shape) is not of extent 1")
    return Primitive.reshape(self, to: shape.removing([place]))
  }

  /// Returns the tensor without its axes of extent 1.
  public func squeezed() -> Tensor {
    Primitive.reshape(self, to: Shape(extents: shape.extents.filter { $0 != .constant(1) }))
  }

  /// Returns the tensor whose axis `i` is axis `order[i]` of this one.
  public func permute(_ order: [Int]) -> Tensor {
    let axes = order.map { $0 < 0 ? $0 + rank : $0 }
    Tensor.require(
      axes.sorted() == Array(0..<rank), "permute", "\(order) is not an order of the axes of shape \(shape)")
    return axes == Array(0..<rank) ? self : Primitive.permute(self, axes)
  }

  /// Returns the tensor whose axis `i` is the `i`th axis named.
  public func permute(_ order: Int...) -> Tensor { permute(order) }

  /// Returns the tensor with two axes exchanged.
  public func transpose(_ a: Int, _ b: Int) -> Tensor {
    var order = Array(0..<rank)
    order.swapAt(resolve(axis: a, "transpose"), resolve(axis: b, "transpose"))
    return permute(order)
  }

  /// The tensor with its last two axes exchanged. [..., m, n] -> [..., n, m]
  public var T: Tensor {
    Tensor.require(rank >= 2, "T", "shape \(shape) has no rows and columns")
    return transpose(-2, -1)
  }

  /// Returns the tensor with the order of the elements along some axes reversed; all axes unless named.
  public func flip(axes: [Int]? = nil) -> Tensor {
    let axes = axes.map { $0.map { resolve(axis: $0, "flip") } } ?? Array(0..<rank)
    for axis in axes { requireConstant(axis, "flip") }
    return Primitive.slice(
      self,
      shape.dimensions.enumerated().map { axis, extent in
        axes.contains(axis) && extent > 0
          ? AxisRange(start: extent - 1, step: -1, count: extent) : AxisRange(start: 0, count: extent)
      })
  }

  /// Returns the part of the tensor inside a box: one range an axis, within its extent.
  public func shrink(_ box: [Range<Int>]) -> Tensor {
    Tensor.require(
      box.count == rank && zip(box, shape.dimensions).allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= $1 },
      "shrink", "the box \(box) is not inside shape \(shape)")
    return sliced(box.map { AxisRange(start: $0.lowerBound, count: $0.count) })
  }

  /// Returns every `steps[i]`th element along axis `i`, from the first one on; a negative step from the last one back.
  public func stride(_ steps: [Int]) -> Tensor {
    Tensor.require(
      steps.count == rank && !steps.contains(0), "stride", "\(steps) are not steps along the axes of shape \(shape)")
    return sliced(
      zip(steps, shape.dimensions).map { step, extent in
        let distance = Int(step.magnitude)
        let start = step < 0 && extent > 0 ? extent - 1 : 0
        return AxisRange(start: start, step: step, count: (extent + distance - 1) / distance)
      })
  }

  /// Returns a region; the tensor itself where that is all of it.
  func sliced(_ ranges: [AxisRange]) -> Tensor {
    zip(ranges, shape.dimensions).allSatisfy { $0.isWhole($1) } ? self : Primitive.slice(self, ranges)
  }

  /// Returns sliding windows over an axis. self: [..., n, ...] -> [..., windows, ..., size], the new axis being last.
  ///
  /// Window `i` begins at element `i * stride`, and its elements are `dilation` apart. Where windows overlap their
  /// elements are not copied.
  public func window(axis: Int, size: Int, stride: Int = 1, dilation: Int = 1) -> Tensor {
    let axis = resolve(axis: axis, "window")
    Tensor.require(
      size > 0 && stride > 0 && dilation > 0, "window",
      "size \(size), stride \(stride) and dilation \(dilation) are not all positive")
    return Primitive.window(self, WindowGeometry(axis: axis, size: size, stride: stride, dilation: dilation))
  }
}
