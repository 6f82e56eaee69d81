public import LazyOps

extension Tensor {
  /// Returns the elements as a tensor whose extents are numbers: those that run-time lengths have now. Computes the tensor,
  /// and copies where a length is shorter than the bound that memory is laid out for; one without run-time lengths is
  /// itself.
  public func compacted() -> Tensor {
    guard shape.isVariable else { return self }
    Recording.refuse("elements of a tensor are read")
    realize()
    guard let storage = node.storage else { preconditionFailure("bug: a realized tensor without elements") }
    let counts = Shape(shape.counts)
    Recording.requireElements(storage, elementCount * dtype.byteCount)
    let result = Storage(byteCount: counts.elementCount * dtype.byteCount)
    // Runs along the last axis that is cut, and all behind it, lie side by side.
    let cut = shape.variableAxes.last!
    let run = counts.strides[cut] * counts[cut] * dtype.byteCount
    let (from, to) = (Array(shape.laidOut.strides[..<cut]), Array(counts.strides[..<cut]))
    withExtendedLifetime(storage) {
      for number in 0..<(counts.elementCount / Swift.max(counts.strides[cut] * counts[cut], 1)) {
        var rest = number
        var (source, target) = (0, 0)
        for axis in (0..<cut).reversed() {
          source += rest % counts[axis] * from[axis]
          target += rest % counts[axis] * to[axis]
          rest /= counts[axis]
        }
        (result.base + target * dtype.byteCount).copyMemory(
          from: storage.base + source * dtype.byteCount, byteCount: run)
      }
    }
    return Tensor(node: Node(.buffer, shape: counts, dtype: dtype, storage: result))
  }
}
