public import LazyOps

/// Gradient descent with a rate for each element, from running means of its gradient and the gradient's square. The
/// formulas are PyTorch's. (Kingma and Ba 2015)
public class Adam: Optimizer {
  /// How slowly the two running means forget.
  public let betas: (Double, Double)
  /// What is added to the divisor, so that it is not 0.
  public let epsilon: Double
  /// How strongly parameters are drawn to 0: by `Adam` as a part of the gradient, by `AdamW` directly.
  public let weightDecay: Double

  /// Creates an optimizer.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 0, gradientNormLimit: Double? = nil
  ) {
    Tensor.require(
      0..<1 ~= betas.0 && 0..<1 ~= betas.1, "Adam", "betas \(betas) are not both at least 0 and below 1")
    self.betas = betas
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    super.init(parameters, learningRate: learningRate, stateCount: 2, gradientNormLimit: gradientNormLimit)
  }

  /// The rate and the square root, both corrected for means that began as 0, and the factor of decoupled decay.
  public override func scalars(step: Int) -> [Double] {
    let correction = (1 - power(betas.0, step), 1 - power(betas.1, step))
    return [learningRate / correction.0, correction.1.squareRoot(), 1 - learningRate * weightDecay]
  }

  /// Returns value - rate mean / (sqrt(mean of squares) + epsilon).
  public override func update(
    _ value: Tensor, _ gradient: Tensor, state: inout [Tensor], scalars: [Tensor]
  ) -> Tensor {
    let gradient = weightDecay == 0 ? gradient : gradient + value * weightDecay
    return descend(value, gradient, state: &state, scalars: scalars)
  }

  func descend(_ value: Tensor, _ gradient: Tensor, state: inout [Tensor], scalars: [Tensor]) -> Tensor {
    state[0] = state[0] + (gradient - state[0]) * (1 - betas.0)
    state[1] = state[1] * betas.1 + gradient * gradient * (1 - betas.1)
    let divisor = state[1].sqrt() / scalars[1] + epsilon
    return value - scalars[0] * state[0] / divisor
  }
}

/// Adam with weight decay apart from the gradient. The formulas are PyTorch's. (Loshchilov and Hutter 2019)
public final class AdamW: Adam {
  /// Whether only parameters of two or more axes are drawn to 0, and biases and the scales of norms are left alone.
  public let decaysMatricesOnly: Bool

  /// Creates an optimizer.
  public init(
    _ parameters: [Parameter], learningRate: Double = 1e-3, betas: (Double, Double) = (0.9, 0.999),
    epsilon: Double = 1e-8, weightDecay: Double = 1e-2, decaysMatricesOnly: Bool = false,
    gradientNormLimit: Double? = nil
  ) {
    self.decaysMatricesOnly = decaysMatricesOnly
    super.init(
      parameters, learningRate: learningRate, betas: betas, epsilon: epsilon, weightDecay: weightDecay,
      gradientNormLimit: gradientNormLimit)
  }

  /// Returns the value drawn to 0, then moved as by `Adam`.
  public override func update(
    _ value: Tensor, _ gradient: Tensor, state: inout [Tensor], scalars: [Tensor]
  ) -> Tensor {
    let decays = weightDecay != 0 && !(decaysMatricesOnly && value.rank < 2)
    return descend(decays ? value * scalars[2] : value, gradient, state: &state, scalars: scalars)
  }
}

/// Returns base to the power of a positive exponent, by squaring: this module has no need of the C library.
private func power(_ base: Double, _ exponent: Int) -> Double {
  var (result, square, rest) = (1.0, base, exponent)
  while rest > 0 {
    if rest & 1 == 1 { result *= square }
    square *= square
    rest >>= 1
  }
  return result
}
