/// Constructors of nodes, one an op: shape and dtype follow from the sources, nothing is broadcast, promoted or checked.
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
    Tensor(.reduce(op, axes: axes), [x], shape: x.shape.removing(axes), dtype: x.dtype)
  }

  /// Returns the same elements under another shape.
  package static func reshape(_ x: Tensor, to shape: Shape) -> Tensor {
    x.shape == shape ? x : Tensor(.reshape, [x], shape: shape, dtype: x.dtype)
  }

  /// Returns the tensor whose axis `i` is axis `order[i]` of `x`.
  package static func permute(_ x: Tensor, _ order: [Int]) -> Tensor {
    Tensor(.permute(order), [x], shape: Shape(order.map { x.shape[$0] }), dtype: x.dtype)
  }

  /// Returns `x` with axes of extent 1 repeated.
  package static func expand(_ x: Tensor, to shape: Shape) -> Tensor {
    x.shape == shape ? x : Tensor(.expand, [x], shape: shape, dtype: x.dtype)
  }

  /// Returns the elements of a region.
  package static func slice(_ x: Tensor, _ ranges: [AxisRange]) -> Tensor {
    Tensor(.slice(ranges), [x], shape: Shape(ranges.map(\.count)), dtype: x.dtype)
  }

  /// Returns zeros of `shape` with `x` in a region.
  package static func pad(_ x: Tensor, _ ranges: [AxisRange], to shape: Shape) -> Tensor {
    Tensor(.pad(ranges), [x], shape: shape, dtype: x.dtype)
  }

  /// Returns each element combined with all before it on an axis.
  package static func scan(_ op: ReduceOp, _ x: Tensor, axis: Int) -> Tensor {
    Tensor(.scan(op, axis: axis), [x], shape: x.shape, dtype: x.dtype)
  }

  /// Returns an order, indices on the digit's axis, sorted stably by a digit of the keys they name.
  package static func radixPass(_ keys: Tensor, _ order: Tensor, _ digit: RadixDigit) -> Tensor {
    Tensor(.radixPass(digit), [keys, order], shape: keys.shape, dtype: .int32)
  }

  /// Returns sliding windows over an axis.
  package static func window(_ x: Tensor, _ geometry: WindowGeometry) -> Tensor {
    Tensor(.window(geometry), [x], shape: x.shape.windowed(by: geometry), dtype: x.dtype)
  }

  /// Returns the sums of windows' elements at the places in `shape` they are taken from.
  package static func overlapAdd(_ x: Tensor, _ geometry: WindowGeometry, to shape: Shape) -> Tensor {
    Tensor(.overlapAdd(geometry), [x], shape: shape, dtype: x.dtype)
  }

  /// Returns tensors of one dtype, at least one, joined along an axis.
  package static func concatenate(_ tensors: [Tensor], axis: Int) -> Tensor {
    let extent = tensors.reduce(0) { $0 + $1.shape[axis] }
    let shape = tensors[0].shape.replacing(axis, by: extent)
    return Tensor(.concatenate(axis: axis), tensors, shape: shape, dtype: tensors[0].dtype)
  }

  /// Returns the elements of `data` that `index` names on `axis`.
  package static func gather(_ data: Tensor, _ index: Tensor, axis: Int) -> Tensor {
    Tensor(.gather(axis: axis), [data, index], shape: index.shape, dtype: data.dtype)
  }

  /// Returns `target` with each value added where `index` says on `axis`.
  package static func scatterAdd(_ target: Tensor, _ index: Tensor, _ values: Tensor, axis: Int) -> Tensor {
    Tensor(.scatterAdd(axis: axis), [target, index, values], shape: target.shape, dtype: target.dtype)
  }

  /// Returns `target` with the slices along `axis` that `index` names, a list, replaced; of equal indices the last
  /// counts.
  package static func put(_ target: Tensor, _ index: Tensor, _ values: Tensor, axis: Int) -> Tensor {
    Tensor(.put(axis: axis), [target, index, values], shape: target.shape, dtype: target.dtype)
  }

  /// Returns `target` with a region replaced.
  package static func update(_ target: Tensor, _ ranges: [AxisRange], _ value: Tensor) -> Tensor {
    Tensor(.update(ranges), [target, value], shape: target.shape, dtype: target.dtype)
  }
}
