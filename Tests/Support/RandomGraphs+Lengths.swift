import LazyOps

/// What is made of tensors up to run-time lengths.
extension RandomGraphs {
  /// Returns a tensor of constant shape that is made of another one up to a run-time length on some axis.
  mutating func cut(_ x: Tensor) -> Tensor {
    guard x.rank > 0, x.elementCount > 0 else { return x }
    let axis = below(x.rank)
    let bound = x.shape[axis]
    let length = Length(1 + below(bound), upTo: bound)
    let part = x.transpose(0, axis)[..<length].transpose(0, axis)
    let number = x.dtype == .bool ? part.cast(to: .int32) : part
    let real = (x.dtype.isFloatingPoint ? part : part.cast(to: .float32)).clamp(min: -4.0, max: 4.0)
    let other = below(x.rank)
    switch below(11) {
    case 0: return number.sum(axis: axis)
    case 1: return number.max(axis: axis)
    case 2: return real.mean(axis: axis, keepDimensions: true)
    case 3: return x.isRealized ? number.argmin(axis: axis) : number.min(axis: axis)
    case 4: return (real.softmax(axis: axis) * real).sum(axis: axis)
    case 5: return real.tanh().cumsum(axis: axis).sum(axes: [axis])
    case 6: return (real * real.sum(axis: other, keepDimensions: true).tanh()).sum(axis: axis)
    case 7:
      let rows = real.transpose(axis, x.rank - 1)
      return rows.unsqueezed(at: -2).matmul(rows.unsqueezed(at: -1))
    case 8:
      guard x.dtype.isFloatingPoint else { return number.any(axis: axis) }
      return (part.tanh().softmax(axis: axis) * part.tanh()).sum().gradients(with: [x])[0]
    case 9: return replaced(x, by: number + 1, upTo: length, axis)
    default: return replaced(x, by: real * real.max(axis: other, keepDimensions: true), upTo: length, axis)
    }
  }

  /// Returns a tensor with what lies below a length on an axis replaced.
  private func replaced(_ x: Tensor, by part: Tensor, upTo length: Length, _ axis: Int) -> Tensor {
    var result = x.transpose(0, axis)
    result[..<length] = part.transpose(0, axis)
    return result.transpose(0, axis)
  }
}
