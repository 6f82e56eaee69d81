extension Op {
  /// Returns the gradient that arrives at the source at `place` when `g` arrives at the result; nil for zero, and for
  /// sources that have no gradient: conditions and indices.
  ///
  /// It is built of differentiable ops, so that gradients of gradients need nothing more.
  func derivative(at place: Int, sources: [Tensor], result: Tensor, upstream g: Tensor) -> Tensor? {
    let source = sources[place]
    guard source.dtype.isFloatingPoint else { return nil }
    switch self {
    case .buffer, .constant, .argument, .length, .iota, .bitcast, .detach, .radixPass:
      return nil
    case .barrier:
      return g
    case .unary(let op):
      return op.derivative(source, result, g)
    case .binary(let op):
      let derivative = place == 0 ? op.leftDerivative : op.rightDerivative
      return derivative(sources[0], sources[1], result, g)
    case .select:
      return place == 1 ? Tensor.where(sources[0], g, 0) : Tensor.where(sources[0], 0, g)
    case .cast:
      return Primitive.cast(g, to: source.dtype)
    case .reduce(let op, let axes):
      return op.derivative(axes, source, result, g)
    case .scan(let op, let axis):
      return op.derivative(ofScanAlong: axis, source, result, g)
    case .reshape:
      return Primitive.reshape(g, to: source.shape)
    case .permute(let order):
      return Primitive.permute(g, order.indices.map { axis in order.firstIndex(of: axis)! })
    case .expand:
      let axes = (0..<source.rank).filter { source.shape.extents[$0] != result.shape.extents[$0] }
      return Primitive.reshape(Primitive.reduce(.sum, g, axes: axes), to: source.shape)
    case .slice(let ranges):
      return Primitive.pad(g, ranges, to: source.shape)
    case .pad(let ranges):
      return Primitive.slice(g, ranges)
    case .window(let geometry):
      return Primitive.overlapAdd(g, geometry, to: source.shape)
    case .overlapAdd(let geometry):
      return Primitive.window(g, geometry)
    case .concatenate(let axis):
      let start = sources[..<place].reduce(0) { $0 + $1.shape[axis] }
      let ranges = source.shape.dimensions.enumerated().map { AxisRange(start: $0 == axis ? start : 0, count: $1) }
      return Primitive.slice(g, ranges)
    case .gather(let axis):
      return Primitive.scatterAdd(.zeros(like: source), sources[1], g, axis: axis)
    case .scatterAdd(let axis):
      return place == 0 ? g : Primitive.gather(g, sources[1], axis: axis)
    case .put(let axis):
      if place == 0 { return Primitive.put(g, sources[1], .zeros(like: sources[2]), axis: axis) }
      return lastValues(sources[1], axis, of: source.shape, in: result.shape, g)
    case .update(let ranges):
      return place == 0 ? Primitive.update(g, ranges, .zeros(like: sources[1])) : Primitive.slice(g, ranges)
    }
  }
}

/// Returns the gradient that arrives at the values of a `put`: that of the element each was put to, or zero for one that
/// a later value replaced.
private func lastValues(_ index: Tensor, _ axis: Int, of values: Shape, in target: Shape, _ g: Tensor) -> Tensor {
  let extents = values.collapsing((0..<values.rank).filter { $0 != axis })
  func spread(_ list: Tensor) -> Tensor { Primitive.expand(Primitive.reshape(list, to: extents), to: values) }
  let number = Primitive.iota(axis: 0, index.shape, index.dtype)
  let none = Primitive.constant(.integer(-1), [target[axis]], index.dtype)
  let last = Primitive.gather(Primitive.put(none, index, number, axis: 0), index, axis: 0)
  return Tensor.where(spread(last .== number), Primitive.gather(g, spread(index), axis: axis), 0)
}

extension ReduceOp {
  /// Returns the gradient that arrives at the source `x` when `g` arrives at its reduction `y`.
  fileprivate func derivative(_ axes: [Int], _ x: Tensor, _ y: Tensor, _ g: Tensor) -> Tensor {
    /// Returns a result of the reduction under a shape that broadcasts to that of `x`.
    func kept(_ tensor: Tensor) -> Tensor { Primitive.reshape(tensor, to: x.shape.collapsing(axes)) }

    switch self {
    case .sum:
      return kept(g).broadcast(to: x.shape)
    case .maximum, .minimum:
      // Ties share the gradient evenly.
      let isExtreme = x .== kept(y)
      let count = isExtreme.cast(to: x.dtype).sum(axes: axes, keepDimensions: true)
      return Tensor.where(isExtreme, kept(g) / count, 0)
    case .product:
      // The product of all others: that of all nonzero ones over this one, if no other one is zero. The derivative of
      // this in turn is right where no element is zero.
      let isZero = x .== 0
      let nonzero = Tensor.where(isZero, 1, x)
      let zeros = isZero.cast(to: x.dtype)
      let otherZeros = zeros.sum(axes: axes, keepDimensions: true) - zeros
      let product = nonzero.product(axes: axes, keepDimensions: true)
      return Tensor.where(otherZeros .== 0, kept(g) * product / nonzero, 0)
    }
  }
}
