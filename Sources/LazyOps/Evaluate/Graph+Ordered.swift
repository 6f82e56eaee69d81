// What goes along an axis in order.
extension Graph.Vertex {
  /// The places of the first elements of all lines along an axis, and the distance from one to the next on it.
  private func lines(_ axis: Int) -> (starts: [Int], stride: Int, extent: Int) {
    let (stride, extent) = (shape.strides[axis], shape[axis])
    guard shape.elementCount > 0 else { return ([], stride, extent) }
    let starts = (0..<shape.elementCount / extent).map { $0 / stride * stride * extent + $0 % stride }
    return (starts, stride, extent)
  }

  /// Combines in index order; each sum or product of floating-point elements is rounded once.
  func scan(_ op: ReduceOp, _ axis: Int, _ x: HostArray) -> HostArray.Elements {
    let (starts, stride, extent) = lines(axis)
    func scan<T>(_ values: [T], _ combine: (T, T) -> T) -> [T] {
      var values = values
      for start in starts {
        for step in 1..<Swift.max(extent, 1) {
          let place = start + step * stride
          values[place] = combine(values[place - stride], values[place])
        }
      }
      return values
    }
    return switch x.elements {
    case .real(let values): .real(scan(values, op.binary.onReals)).rounded(to: dtype)
    case .integer(let values): .integer(scan(values, op.binary.onIntegers(dtype))).rounded(to: dtype)
    }
  }

  /// Sorts stably by the digit.
  func radixPass(_ digit: RadixDigit, _ keys: HostArray, _ order: HostArray) throws(IndexOutOfRange)
    -> HostArray.Elements
  {
    let (starts, stride, extent) = lines(digit.axis)
    let places = try places(order, on: digit.axis, of: shape)
    let (keys, order) = (keys.elements.integers, order.elements.integers)
    var result = order
    for start in starts {
      var buckets = [[Int64]](repeating: [], count: digit.count)
      for step in 0..<extent {
        let place = start + step * stride
        buckets[Int(keys[places[place]] >> digit.shift) & (digit.count - 1)].append(order[place])
      }
      for (step, index) in buckets.joined().enumerated() { result[start + step * stride] = index }
    }
    return .integer(result)
  }
}
