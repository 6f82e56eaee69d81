public import LazyOps

/// A fully connected layer: x weightᵀ + bias. [..., in] -> [..., out]
public struct Linear: Layer, Sendable {
  /// [out, in]
  public let weight: Parameter
  /// [out]
  public let bias: Parameter?

  /// Creates a layer whose weight and bias are uniform within ±1 / sqrt(in), as PyTorch's are.
  public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, using generator: RandomGenerator = .global) {
    Tensor.require(inputs > 0 && outputs > 0, "Linear", "\(inputs) inputs and \(outputs) outputs are not positive")
    weight = Parameter(.kaimingUniform([outputs, inputs], gain: pyTorchGain, using: generator))
    self.bias = bias ? Parameter(initialBias(outputs, fanIn: inputs, using: generator)) : nil
  }

  /// Creates a layer from a weight [out, in] and a bias [out].
  public init(weight: Tensor, bias: Tensor? = nil) {
    Tensor.require(weight.rank == 2, "Linear", "weight \(weight.shape) is not [out, in]")
    Tensor.require(
      bias == nil || bias!.shape == [weight.shape[0]], "Linear",
      "bias \(bias!.shape) does not fit weight \(weight.shape)")
    self.weight = Parameter(weight)
    self.bias = bias.map { Parameter($0) }
  }

  /// Returns x weightᵀ + bias. x: [..., in] -> [..., out]
  public func callAsFunction(_ x: Tensor) -> Tensor { x.linear(weight(), bias: bias?()) }
}

/// The gain of `kaimingUniform` that gives ±1 / sqrt(fan in).
let pyTorchGain = (1.0 / 3).squareRoot()

/// Returns a bias of `count` numbers, uniform within ±1 / sqrt(fan in).
func initialBias(_ count: Int, fanIn: Int, using generator: RandomGenerator) -> Tensor {
  let bound = 1 / Double(fanIn).squareRoot()
  return .uniform([count], low: -bound, high: bound, using: generator)
}
