extension Tensor {
  /// Returns tensors joined along an axis; they are promoted to one dtype. [..., n0, ...], [..., n1, ...], ... ->
  /// [..., n0 + n1 + ..., ...]
  public static func concatenate(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    guard let first = tensors.first else { misuse("concatenate", "there are no tensors") }
    let place = first.resolve(axis: axis, "concatenate")
    for tensor in tensors.dropFirst() {
      require(
        tensor.shape.isEqual(to: first.shape, exceptAt: place), "concatenate",
        "shapes differ elsewhere than on axis \(axis): \(first.shape) and \(tensor.shape)")
    }
    if tensors.count == 1 { return first }
    return Primitive.concatenate(alike(tensors), axis: place)
  }

  /// Returns tensors of one shape side by side along a new axis. count times [...] -> [..., count, ...]
  public static func stack(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    guard let first = tensors.first else { misuse("stack", "there are no tensors") }
    let place = axis < 0 ? axis + first.rank + 1 : axis
    for tensor in tensors.dropFirst() {
      require(tensor.shape == first.shape, "stack", "shapes differ: \(first.shape) and \(tensor.shape)")
    }
    return concatenate(tensors.map { $0.unsqueezed(at: place) }, axis: place)
  }

  /// Returns consecutive parts along an axis, with the extents `sizes`, which add up to its extent.
  public func split(_ sizes: [Int], axis: Int = 0) -> [Tensor] {
    let axis = resolve(axis: axis, "split")
    requireConstant(axis, "split")
    Tensor.require(
      sizes.allSatisfy { $0 >= 0 } && sizes.reduce(0, +) == shape[axis], "split",
      "sizes \(sizes) do not add up to axis \(axis) of shape \(shape)")
    var start = 0
    return sizes.map { size in
      defer { start += size }
      return sliced(axis, start..<start + size)
    }
  }

  /// Returns at most `count` consecutive parts along an axis, equal in extent but for the last, which may be smaller.
  public func chunk(_ count: Int, axis: Int = 0) -> [Tensor] {
    let axis = resolve(axis: axis, "chunk")
    requireConstant(axis, "chunk")
    Tensor.require(count > 0, "chunk", "count is \(count)")
    let extent = shape[axis]
    let size = Swift.max((extent + count - 1) / count, 1)
    return Swift.stride(from: 0, to: Swift.max(extent, 1), by: size).map { start in
      sliced(axis, start..<Swift.min(start + size, extent))
    }
  }

  /// Returns tensors in the one dtype they are promoted to.
  private static func alike(_ tensors: [Tensor]) -> [Tensor] {
    let dtype = Tensor.promotedDType(of: tensors)
    return tensors.map { $0.cast(to: dtype) }
  }
}
