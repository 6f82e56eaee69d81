extension Tensor {
  /// Returns the largest element of each window over the last two axes; what pads them is never it. [..., height, width]
  /// -> [..., windows down, windows across]
  ///
  /// - Parameters:
  ///   - size: the rows and columns of a window.
  ///   - stride: the distance between windows; `size` unless given.
  ///   - padding: how many places are added around.
  public func maxPool2d(_ size: Int, stride: Int? = nil, padding: Int = 0) -> Tensor {
    pooled(size, stride, padding, filler: dtype.least, "maxPool2d").reduce(.maximum, "maxPool2d", [-2, -1], false)
  }

  /// Returns the mean of each window over the last two axes, zeros that pad them included. [..., height, width] -> [...,
  /// windows down, windows across]
  ///
  /// - Parameters: as for `maxPool2d`.
  public func avgPool2d(_ size: Int, stride: Int? = nil, padding: Int = 0) -> Tensor {
    pooled(size, stride, padding, filler: .integer(0), "avgPool2d").mean(axes: [-2, -1])
  }

  private func pooled(_ size: Int, _ stride: Int?, _ padding: Int, filler: Scalar, _ op: String) -> Tensor {
    Tensor.require(rank >= 2, op, "shape \(shape) has no rows and columns")
    Tensor.require(
      padding >= 0 && 2 * padding <= size, op, "padding \(padding) is not from 0 to half the window's \(size)")
    let widths = (0..<rank).map { $0 < rank - 2 ? (low: 0, high: 0) : (low: padding, high: padding) }
    let stride = stride ?? size
    return pad(widths, filler: filler)
      .windows(sizes: [size, size], strides: [stride, stride], dilations: [1, 1], op)
  }
}
