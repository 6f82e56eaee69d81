public import LazyOps

/// Gradient descent, plain or with momentum. The formulas are PyTorch's.
public final class SGD: Optimizer {
  /// How much of the last step's direction is kept; 0 is plain descent.
  public let momentum: Double
  /// How strongly parameters are drawn to 0, as a part of the gradient.
  public let weightDecay: Double
  /// Whether the gradient is looked at where momentum is about to lead. (Sutskever et al. 2013)
  public let nesterov: Bool

  /// Creates an optimizer.
  public init(
    _ parameters: [Parameter], learningRate: Double, momentum: Double = 0, weightDecay: Double = 0,
    nesterov: Bool = false
  ) {
    Tensor.require(!nesterov || momentum > 0, "SGD", "nesterov needs a momentum")
    self.momentum = momentum
    self.weightDecay = weightDecay
    self.nesterov = nesterov
    super.init(parameters, learningRate: learningRate, stateCount: momentum == 0 ? 0 : 1)
  }

  /// Returns value - rate (gradient + momentum velocity).
  public override func update(
    _ value: Tensor, _ gradient: Tensor, state: inout [Tensor], scalars: [Tensor]
  ) -> Tensor {
    var direction = weightDecay == 0 ? gradient : gradient + value * weightDecay
    if momentum != 0 {
      state[0] = state[0] * momentum + direction
      direction = nesterov ? direction + state[0] * momentum : state[0]
    }
    return value - direction * scalars[0]
  }
}
