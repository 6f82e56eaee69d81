public import LazyOps

/// A layer of filters that slide over height and width. [n, in, height, width] -> [n, out, windows down, windows across]
public struct Conv2d: Layer, Sendable {
  /// [out, in / groups, size, size]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter?
  /// The distance between windows.
  public let stride: Int
  /// How many zeros are put around the image.
  public let padding: Int
  /// The distance between the elements of a window.
  public let dilation: Int
  /// How many parts the channels are split into; each has filters of its own.
  public let groups: Int

  /// Creates a layer whose weight and bias are uniform within ±1 / sqrt(in / groups * size²), as PyTorch's are.
  public init(
    _ inputs: Int, _ outputs: Int, size: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1, groups: Int = 1,
    bias: Bool = true, using generator: RandomGenerator = .global
  ) {
    Tensor.require(
      inputs > 0 && outputs > 0 && size > 0, "Conv2d",
      "\(inputs) inputs, \(outputs) outputs and size \(size) are not all positive")
    Tensor.require(
      groups > 0 && inputs % groups == 0 && outputs % groups == 0, "Conv2d",
      "\(groups) groups do not divide \(inputs) inputs and \(outputs) outputs")
    let fanIn = inputs / groups * size * size
    weight = Parameter(
      .kaimingUniform([outputs, inputs / groups, size, size], gain: pyTorchGain, using: generator))
    self.bias = bias ? Parameter(initialBias(outputs, fanIn: fanIn, using: generator)) : nil
    self.stride = stride
    self.padding = padding
    self.dilation = dilation
    self.groups = groups
  }

  /// Returns the filters' answers at all places. x: [n, in, height, width]
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x.conv2d(
      weight(), bias: bias?(), stride: stride, padding: padding, dilation: dilation, groups: groups)
  }
}
