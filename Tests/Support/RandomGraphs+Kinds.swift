import LazyOps

/// What combines many elements: reductions, contractions, look-ups and gradients.
extension RandomGraphs {
  /// Returns a tensor with one axis, or all, combined.
  mutating func whole(_ x: Tensor, _ pool: [Tensor]) -> Tensor {
    guard x.rank > 0 else { return x }
    let axis = below(x.rank)
    let numeric = x.dtype == .bool ? x.cast(to: .int32) : x
    let isFilled = x.shape[axis] > 0
    let isReal = x.dtype.isFloatingPoint
    // Where the least difference decides, which of two is larger depends on the order of sums.
    let isComparable = isFilled && (!isReal || x.isRealized)
    switch below(17) {
    case 0: return numeric.sum(axis: axis)
    case 1: return isFilled ? numeric.max(axis: axis, keepDimensions: true) : x.sum(axis: axis)
    case 2: return isReal ? x.softmax(axis: axis) : x.any(axis: axis)
    case 3: return numeric.sum()
    case 4: return isReal ? x - x.mean(axis: axis, keepDimensions: true) : x.sum(axis: axis, keepDimensions: true)
    case 5: return isComparable ? x.argmax(axis: axis) : x
    case 6: return isComparable ? numeric.argmin(axis: axis, keepDimensions: true) : x
    case 7: return isFilled ? numeric.min(axis: axis) : x
    case 8: return (numeric * 0.5).tanh().product(axis: axis)
    case 9: return x.all(axis: axis, keepDimensions: true)
    case 10: return isReal ? x.tanh().variance(axis: axis, correction: 0) : x
    case 11: return isReal ? x.tanh().logSumExp(axes: nil) : x.any(axes: nil)
    case 12: return isReal ? x.logSoftmax(axis: axis).exp().sum(axes: [axis]) : x
    case 13: return isReal ? x.tanh().layerNorm(axes: [axis], epsilon: 0.1) : x
    case 14: return numeric.tanh().sum(axes: x.rank > 1 ? [0, x.rank - 1] : [0], keepDimensions: true)
    default: return gradient(of: x, pool)
    }
  }

  /// Returns the gradient of something computed from the tensor with respect to one that others are made from.
  private mutating func gradient(of x: Tensor, _ pool: [Tensor]) -> Tensor {
    guard x.dtype.isFloatingPoint else { return x }
    let target = pool.filter { $0.dtype.isFloatingPoint }.randomElement(using: &random) ?? x
    let smooth = x.tanh()
    let loss = below(2) == 0 ? smooth.sum() : (smooth * (smooth + 1)).mean(axes: nil)
    return loss.gradients(with: [target])[0]
  }

  /// Returns a matrix product or a convolution with a leaf.
  mutating func contracted(_ x: Tensor, _ pool: [Tensor]) -> Tensor {
    let real = (x.dtype.isFloatingPoint ? x : x.cast(to: .float32)).clamp(min: -4.0, max: 4.0)
    guard x.rank > 0 else { return real * realLeaf([extent()]) }
    let last = x.shape[x.rank - 1]
    switch below(8) {
    case 0 where x.rank == 2: return real.matmul(real.transpose(0, 1))
    case 1 where x.rank == 2: return real.transpose(0, 1).matmul(realLeaf([x.shape[0], extent()])) + 1
    case 2 where x.rank == 3: return real.matmul(realLeaf([x.shape[0], last, extent()])).relu()
    case 3 where x.rank > 1 && x.shape[x.rank - 1] > 2:
      let rows = real.reshape([x.elementCount / last, 1, last])
      let weight = realLeaf([2, 1, 3])
      return rows.conv1d(weight, bias: realLeaf([2]), stride: 1 + below(2), padding: below(3), dilation: 1)
    case 4 where x.rank == 3 && x.elementCount > 0:
      let planes = real.unsqueezed(at: 0)
      let weight = realLeaf([3, x.shape[0], 2, 3])
      return planes.conv2d(weight, stride: 1 + below(2), padding: 2, dilation: 1 + below(2)).tanh()
    case 5 where x.rank > 1 && x.elementCount > 0 && x.shape[x.rank - 2] > 1 && last > 1:
      return below(2) == 0 ? real.maxPool2d(2, stride: 1) : real.avgPool2d(2, padding: 1)
    case 6: return real.matmul(realLeaf([last]))
    default: return real.matmul(realLeaf([last, extent()])).tanh()
    }
  }

  /// Returns elements chosen by index, values added by index, or a region replaced.
  mutating func lookedUp(_ x: Tensor, _ pool: [Tensor]) -> Tensor {
    guard x.rank > 0, x.elementCount > 0 else { return x }
    // What is chosen and assigned to below names three axes at most.
    let axis = below(min(x.rank, 3))
    let extent = x.shape[axis]
    let numeric = x.dtype == .bool ? x.cast(to: .int32) : x
    switch below(11) {
    case 9:
      switch below(4) {
      case 0: return numeric.cumsum(axis: axis)
      case 1: return numeric.cumprod(axis: axis)
      case 2: return x.cummax(axis: axis)
      default: return x.cummin(axis: axis)
      }
    case 10:
      // Computed numbers that are close to each other may stand in either order.
      let keys = x.dtype.isFloatingPoint ? leaf(x.shape) : x
      let descending = below(2) == 0
      if below(2) == 0 { return x.gather(keys.argsort(axis: axis, descending: descending), axis: axis) }
      return x.gather(keys.topk(1 + below(extent), axis: axis, largest: descending).indices, axis: axis)
    case 0: return x.take(Tensor((0..<3).map { _ in Int64(below(extent)) }), axis: axis)
    case 1:
      let scores = x.dtype.isFloatingPoint ? leaf(x.shape) : numeric
      let computed = (scores.argmax(axis: axis, keepDimensions: true) + 1) % extent
      return x.gather(computed, axis: axis)
    case 2: return x.gather(indices(x, count: 1 + below(4), axis: axis), axis: axis)
    case 3:
      let index = indices(x, count: 1 + below(5), axis: axis)
      return numeric.scatterAdd(index, leaf(index.shape).cast(to: .int32) + 1, axis: axis)
    case 4:
      var changed = x
      let first = below(extent)
      let region = [TensorIndexItem](repeating: .slice(), count: axis) + [.slice(from: first, by: 1 + below(2))]
      let part = select(x, region)
      assign(&changed, region, part.dtype == .bool ? .!part : part + leaf([]).cast(to: x.dtype))
      return changed
    case 5:
      var changed = numeric
      assign(&changed, [.slice(from: -1)], leaf([]))
      return changed + numeric
    case 6:
      // Rows named by a list, some twice, from rows of the same tensor.
      let rows = (0..<3).map { _ in Int64(below(extent)) }
      let region = [TensorIndexItem](repeating: .slice(), count: axis) + [Tensor(rows).tensorIndexItem]
      var changed = x
      assign(&changed, region, x.take(Tensor(rows.reversed()), axis: axis))
      return below(2) == 0 || x.dtype == .bool ? changed : changed + x
    case 7:
      var changed = numeric
      changed[numeric .> 0] = leaf([])
      return changed
    default:
      // A chain of updates, each from what the ones before have left.
      var changed = numeric
      for _ in 0..<6 {
        let (from, to) = (below(extent), below(extent))
        let whole = [TensorIndexItem](repeating: .slice(), count: axis)
        assign(&changed, whole + [to.tensorIndexItem], select(changed, whole + [from.tensorIndexItem]) + 1)
      }
      return changed
    }
  }

  private mutating func indices(_ x: Tensor, count: Int, axis: Int) -> Tensor {
    var extents = x.shape.dimensions
    extents[axis] = count
    let shape = Shape(extents)
    return Tensor(shape: shape, (0..<shape.elementCount).map { _ in Int32(below(x.shape[axis])) })
  }

  private func select(_ x: Tensor, _ items: [TensorIndexItem]) -> Tensor {
    switch items.count {
    case 1: x[items[0]]
    case 2: x[items[0], items[1]]
    case 3: x[items[0], items[1], items[2]]
    default: x[.ellipsis, items[items.count - 1]]
    }
  }

  private func assign(_ x: inout Tensor, _ items: [TensorIndexItem], _ value: Tensor) {
    switch items.count {
    case 1: x[items[0]] = value
    case 2: x[items[0], items[1]] = value
    case 3: x[items[0], items[1], items[2]] = value
    default: return
    }
  }
}
