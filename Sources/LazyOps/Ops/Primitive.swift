/// Constructors of nodes, one an op: shape and dtype follow from the sources, nothing is broadcast, promoted or checked.
/// What lies beyond run-time lengths is masked here, where an op would let it count, and an op that cannot have one on
/// some axis stops.
///
/// The tensor API checks and converts first; gradients and tests call these directly.
package enum Primitive {
  /// Returns a tensor of `value` everywhere.
  package static func constant(_ value: Scalar, _ shape: Shape, _ dtype: DType) -> Tensor {
    Tensor(.constant(value.cast(to: dtype)), shape: shape, dtype: dtype)
  }

  /// Returns a scalar that is no part of the structure.
  package static func argument(_ value: Scalar, _ dtype: DType) -> Tensor {
    Tensor(.argument, shape: [], dtype: dtype, argument: value.cast(to: dtype))
  }

  /// Returns the index along `axis`.
  package static func iota(axis: Int, _ shape: Shape, _ dtype: DType) -> Tensor {
    Tensor(.iota(axis: axis), shape: shape, dtype: dtype)
  }

  /// Returns a function of each element.
  package static func unary(_ op: UnaryOp, _ x: Tensor) -> Tensor {
    Tensor(.unary(op), [x], shape: x.shape, dtype: x.dtype)
  }

  /// Returns a function of elements of two tensors alike in shape and dtype.
  package static func binary(_ op: BinaryOp, _ a: Tensor, _ b: Tensor) -> Tensor {
    Tensor(.binary(op), [a, b], shape: a.shape, dtype: op.result(of: a.dtype))
  }

  /// Returns `a` where `condition` is true and else `b`.
  package static func select(_ condition: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor {
    Tensor(.select, [condition, a, b], shape: a.shape, dtype: a.dtype)
  }

  /// Returns the elements converted to `dtype`.
  package static func cast(_ x: Tensor, to dtype: DType) -> Tensor {
    x.dtype == dtype ? x : Tensor(.cast, [x], shape: x.shape, dtype: dtype)
  }

  /// Returns the elements' bits as elements of another type of the same width.
  package static func bitcast(_ x: Tensor, to dtype: DType) -> Tensor {
    x.dtype == dtype ? x : Tensor(.bitcast, [x], shape: x.shape, dtype: dtype)
  }

  /// Returns `x`, through which no gradient flows.
  package static func detach(_ x: Tensor) -> Tensor { Tensor(.detach, [x], shape: x.shape, dtype: x.dtype) }

  /// Returns `x` as a node that nothing is merged with, and that waits for `others`.
  package static func barrier(_ x: Tensor, after others: [Tensor]) -> Tensor {
    Tensor(.barrier, [x] + others, shape: x.shape, dtype: x.dtype)
  }

  /// Returns the elements along `axes`, which ascend, combined; the axes are removed.
  package static func reduce(_ op: ReduceOp, _ x: Tensor, axes: [Int]) -> Tensor {
    let counting = x.shape.isVariable ? x.filled(op.identity(x.dtype), axes: axes) : x
    return Tensor(.reduce(op, axes: axes), [counting], shape: x.shape.removing(axes), dtype: x.dtype)
  }

  /// Returns the same elements under another shape.
  package static func reshape(_ x: Tensor, to shape: Shape) -> Tensor {
    guard let shape = shape.keepingLengths(of: x.shape) else {
      Tensor.misuse("reshape", "a run-time length stays an axis of its own: \(x.shape) does not reshape to \(shape)")
    }
    return x.shape == shape ? x : Tensor(.reshape, [x], shape: shape, dtype: x.dtype)
  }

  /// Returns the tensor whose axis `i` is axis `order[i]` of `x`.
  package static func permute(_ x: Tensor, _ order: [Int]) -> Tensor {
    Tensor(.permute(order), [x], shape: Shape(extents: order.map { x.shape.extents[$0] }), dtype: x.dtype)
  }

  /// Returns `x` with axes of extent 1 repeated.
  package static func expand(_ x: Tensor, to shape: Shape) -> Tensor {
    if x.shape == shape { return x }
    for axis in x.shape.variableAxes where x.shape.extents[axis] != shape.extents[axis] {
      x.requireConstant(axis, "expand")
    }
    return Tensor(.expand, [x], shape: shape, dtype: x.dtype)
  }

  /// Returns the elements of a region.
  package static func slice(_ x: Tensor, _ ranges: [AxisRange]) -> Tensor {
    let extents = ranges.enumerated().map { axis, range in
      if x.shape.extents[axis].length == nil { return Extent.constant(range.count) }
      if !range.isWhole(x.shape[axis]) { x.requireConstant(axis, "slice") }
      return x.shape.extents[axis]
    }
    return Tensor(.slice(ranges), [x], shape: Shape(extents: extents), dtype: x.dtype)
  }

  /// Returns zeros of `shape` with `x` in a region.
  package static func pad(_ x: Tensor, _ ranges: [AxisRange], to shape: Shape) -> Tensor {
    let cut = x.shape.variableAxes.filter { x.shape.extents[$0] != shape.extents[$0] }
    let x = cut.isEmpty ? x : x.filled(Scalar.integer(0).cast(to: x.dtype), axes: cut)
    return Tensor(.pad(ranges), [x], shape: shape, dtype: x.dtype)
  }

  /// Returns each element combined with all before it on an axis.
  package static func scan(_ op: ReduceOp, _ x: Tensor, axis: Int) -> Tensor {
    Tensor(.scan(op, axis: axis), [x], shape: x.shape, dtype: x.dtype)
  }

  /// Returns an order, indices on the digit's axis, sorted stably by a digit of the keys they name.
  package static func radixPass(_ keys: Tensor, _ order: Tensor, _ digit: RadixDigit) -> Tensor {
    keys.requireConstant(digit.axis, "sort")
    return Tensor(.radixPass(digit), [keys, order], shape: keys.shape, dtype: .int32)
  }

  /// Returns sliding windows over an axis.
  package static func window(_ x: Tensor, _ geometry: WindowGeometry) -> Tensor {
    x.requireConstant(geometry.axis, "window")
    return Tensor(.window(geometry), [x], shape: x.shape.windowed(by: geometry), dtype: x.dtype)
  }

  /// Returns the sums of windows' elements at the places in `shape` they are taken from.
  package static func overlapAdd(_ x: Tensor, _ geometry: WindowGeometry, to shape: Shape) -> Tensor {
    Tensor(.overlapAdd(geometry), [x], shape: shape, dtype: x.dtype)
  }

  /// Returns tensors of one dtype, at least one, joined along an axis.
  package static func concatenate(_ tensors: [Tensor], axis: Int) -> Tensor {
    for tensor in tensors { tensor.requireConstant(axis, "concatenate") }
    let extent = tensors.reduce(0) { $0 + $1.shape[axis] }
    let shape = tensors[0].shape.replacing(axis, by: extent)
    return Tensor(.concatenate(axis: axis), tensors, shape: shape, dtype: tensors[0].dtype)
  }

  /// Returns the elements of `data` that `index` names on `axis`.
  package static func gather(_ data: Tensor, _ index: Tensor, axis: Int) -> Tensor {
    let index = data.checked(index.filled(.integer(0)), on: axis)
    return Tensor(.gather(axis: axis), [data, index], shape: index.shape, dtype: data.dtype)
  }

  /// Returns `target` with each value added where `index` says on `axis`.
  package static func scatterAdd(_ target: Tensor, _ index: Tensor, _ values: Tensor, axis: Int) -> Tensor {
    // What lies beyond the lengths of indices adds nothing to the first element.
    let zero = Scalar.integer(0)
    let values = index.shape.isVariable ? values.filled(zero.cast(to: values.dtype), axes: [axis]) : values
    let index = target.checked(index.filled(zero), on: axis)
    return Tensor(.scatterAdd(axis: axis), [target, index, values], shape: target.shape, dtype: target.dtype)
  }

  /// Returns `target` with the slices along `axis` that `index` names, a list, replaced; of equal indices the last
  /// counts.
  package static func put(_ target: Tensor, _ index: Tensor, _ values: Tensor, axis: Int) -> Tensor {
    index.requireConstant(0, "put")
    let index = target.checked(index, on: axis)
    return Tensor(.put(axis: axis), [target, index, values], shape: target.shape, dtype: target.dtype)
  }

  /// Returns `target` with a region replaced.
  package static func update(_ target: Tensor, _ ranges: [AxisRange], _ value: Tensor) -> Tensor {
    for (axis, range) in ranges.enumerated() where !range.isWhole(target.shape[axis]) {
      target.requireConstant(axis, "update")
    }
    return Tensor(.update(ranges), [target, value], shape: target.shape, dtype: target.dtype)
  }
}
