extension Tensor {
  /// Slides filters over the last axis. self: [n, channels, length], weight: [out, channels / groups, size], bias: [out]
  /// -> [n, out, windows]
  ///
  /// - Parameters:
  ///   - stride: the distance between windows.
  ///   - padding: how many zeros are put before and after the axis.
  ///   - dilation: the distance between the elements of a window.
  ///   - groups: how many parts the channels are split into; each part has filters of its own.
  public func conv1d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1
  ) -> Tensor {
    convolution(
      weight, bias: bias, strides: [stride], padding: [(padding, padding)], dilations: [dilation], groups: groups)
  }

  /// Slides filters over the last two axes. self: [n, channels, height, width], weight: [out, channels / groups, rows,
  /// columns], bias: [out] -> [n, out, windows down, windows across]
  ///
  /// Parameters are those of `conv1d`, alike for both axes. (LeCun et al. 1989)
  public func conv2d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1
  ) -> Tensor {
    convolution(
      weight, bias: bias, strides: [stride, stride], padding: [(padding, padding), (padding, padding)],
      dilations: [dilation, dilation], groups: groups)
  }

  /// Slides filters over all axes after the second. self: [n, channels, d...], weight: [out, channels / groups, k...],
  /// bias: [out] -> [n, out, windows...]
  ///
  /// - Parameters: as for `conv1d`, one a sliding axis.
  public func convolution(
    _ weight: Tensor, bias: Tensor? = nil, strides: [Int], padding: [(low: Int, high: Int)], dilations: [Int],
    groups: Int = 1
  ) -> Tensor {
    let op = "convolution"
    let count = strides.count
    Tensor.require(
      count > 0 && padding.count == count && dilations.count == count, op,
      "\(count) strides, \(padding.count) paddings and \(dilations.count) dilations do not go together")
    Tensor.require(
      rank == count + 2 && weight.rank == count + 2, op,
      "input \(shape) or weight \(weight.shape) is not of rank \(count + 2)")
    if Tensor.promotedDType(self, weight).isHalf {
      // Widened before windows repeat elements.
      return Tensor.widened(self, weight) { x, weight in
        x.convolution(
          weight, bias: bias, strides: strides, padding: padding, dilations: dilations, groups: groups)
      }
    }
    let (n, channels, out) = (shape[0], shape[1], weight.shape[0])
    Tensor.require(
      groups > 0 && channels % groups == 0 && out % groups == 0 && weight.shape[1] == channels / groups, op,
      "channels differ: input \(shape), weight \(weight.shape), \(groups) groups")
    let sizes = Array(weight.shape.dimensions.dropFirst(2))
    let windows = pad([(0, 0), (0, 0)] + padding).windows(sizes: sizes, strides: strides, dilations: dilations, op)

    // Windows [n, groups, 1, windows..., channels, k...] times filters [groups, out, 1..., channels, k...].
    let places = (0..<count).map { windows.shape[$0 + 2] }
    let split = Primitive.reshape(windows, to: Shape([n, groups, channels / groups] + places + sizes))
    let order = [0, 1] + (3..<3 + count) + [2] + (3 + count..<3 + 2 * count)
    let inputs = split.permute(order).unsqueezed(at: 2)
    let ones = [Int](repeating: 1, count: count)
    let filters = Primitive.reshape(
      weight, to: Shape([groups, out / groups] + ones + [channels / groups] + sizes))
    let sums = Tensor.product(op, inputs, filters, sumLast: count + 1)
    return Primitive.reshape(sums, to: Shape([n, out] + places)).biased(bias, op)
  }

  /// Spreads elements by filters over the last two axes: the adjoint of `conv2d` as a layer of its own. self: [n,
  /// channels, height, width], weight: [channels, out / groups, rows, columns], bias: [out] -> [n, out, (height - 1) *
  /// stride - 2 * padding + dilation * (rows - 1) + outputPadding + 1, ...]
  public func convTranspose2d(
    _ weight: Tensor, bias: Tensor? = nil, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
    dilation: Int = 1, groups: Int = 1
  ) -> Tensor {
    let op = "convTranspose2d"
    Tensor.require(rank == 4 && weight.rank == 4, op, "input \(shape) or weight \(weight.shape) is not of rank 4")
    let channels = shape[1]
    Tensor.require(
      weight.shape[0] == channels && groups > 0 && channels % groups == 0, op,
      "channels differ: input \(shape), weight \(weight.shape), \(groups) groups")
    Tensor.require(
      stride > 0 && dilation > 0 && padding >= 0 && outputPadding >= 0, op,
      "stride \(stride), padding \(padding), outputPadding \(outputPadding) or dilation \(dilation) is out of range")
    if Tensor.promotedDType(self, weight).isHalf {
      return Tensor.widened(self, weight) { x, weight in
        x.convTranspose2d(
          weight, bias: bias, stride: stride, padding: padding, outputPadding: outputPadding, dilation: dilation,
          groups: groups)
      }
    }
    // Elements [n, groups, 1, height, width, 1, 1, channels] times filters [groups, out, 1, 1, rows, columns, channels].
    let (n, height, width) = (shape[0], shape[2], shape[3])
    let (out, rows, columns) = (weight.shape[1], weight.shape[2], weight.shape[3])
    Tensor.require(
      height > 0 && width > 0 && rows > 0 && columns > 0, op,
      "nothing to spread: input \(shape), weight \(weight.shape)")
    let elements = Primitive.reshape(self, to: [n, groups, channels / groups, 1, height, width, 1, 1])
    let filters = Primitive.reshape(weight, to: [groups, channels / groups, out, 1, 1, rows, columns])
    let terms = Tensor.product(
      op, elements.permute(0, 1, 3, 4, 5, 6, 7, 2), filters.permute(0, 2, 3, 4, 5, 6, 1), sumLast: 1)
    // What each window gets is added up where windows overlap.
    let across = WindowGeometry(axis: 3, size: columns, stride: stride, dilation: dilation)
    let down = WindowGeometry(axis: 2, size: rows, stride: stride, dilation: dilation)
    let (fullHeight, fullWidth) = (
      (height - 1) * stride + dilation * (rows - 1) + 1, (width - 1) * stride + dilation * (columns - 1) + 1
    )
    let windows = Primitive.reshape(terms, to: [n, groups * out, height, width, rows, columns])
    let lines = Primitive.overlapAdd(windows, across, to: [n, groups * out, height, fullWidth, rows])
    let full = Primitive.overlapAdd(lines, down, to: [n, groups * out, fullHeight, fullWidth])
      .pad([(0, 0), (0, 0), (0, outputPadding), (0, outputPadding)])
    let (resultHeight, resultWidth) = (full.shape[2], full.shape[3])
    Tensor.require(
      2 * padding < Swift.min(resultHeight, resultWidth), op, "padding \(padding) leaves nothing of \(full.shape)")
    return full.sliced(2, padding..<resultHeight - padding).sliced(3, padding..<resultWidth - padding).biased(bias, op)
  }

  /// Returns windows over the last axes, whose elements become as many new last axes. [..., d...] -> [..., windows...,
  /// sizes...]
  func windows(sizes: [Int], strides: [Int], dilations: [Int], _ op: String) -> Tensor {
    let first = rank - sizes.count
    var result = self
    for (index, size) in sizes.enumerated() {
      Tensor.require(
        size > 0 && strides[index] > 0 && dilations[index] > 0, op,
        "size \(size), stride \(strides[index]) and dilation \(dilations[index]) are not all positive")
      let geometry = WindowGeometry(
        axis: first + index, size: size, stride: strides[index], dilation: dilations[index])
      Tensor.require(
        geometry.windowCount(over: shape[first + index]) > 0, op,
        "a window of \(size), dilated by \(dilations[index]), does not fit into axis \(first + index) of \(shape)")
      result = Primitive.window(result, geometry)
    }
    return result
  }

  /// Returns the tensor plus one number a channel. self: [n, channels, d...], bias: [channels]
  private func biased(_ bias: Tensor?, _ op: String) -> Tensor {
    guard let bias else { return self }
    Tensor.require(bias.shape == [shape[1]], op, "bias \(bias.shape) does not fit the channels of \(shape)")
    return self + Primitive.reshape(bias, to: Shape([shape[1]] + [Int](repeating: 1, count: rank - 2)))
  }
}
