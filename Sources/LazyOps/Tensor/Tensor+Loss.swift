/// How the losses of single elements become the result of a loss function.
public enum LossReduction: Sendable {
  /// Their mean.
  case mean
  /// Their sum.
  case sum
  /// The losses themselves.
  case none
}

/// Losses of predictions (`self`) against targets.
extension Tensor {
  /// Returns the cross entropy of classes under softmax(self).
  ///
  /// The classes are on axis 1, or on the only axis: self: [n, classes, d...] or [classes].
  /// - Parameters:
  ///   - targets: class numbers, integers [n, d...] (a number that is no class gives NaN), or the classes'
  ///     probabilities, floating point of the shape of `self`.
  ///   - labelSmoothing: the share of the target that is spread evenly over all classes. (Szegedy et al. 2015)
  ///   - ignoring: a class number whose places count for nothing, as padding does.
  public func crossEntropy(
    _ targets: Tensor, reduction: LossReduction = .mean, labelSmoothing: Double = 0, ignoring: Int? = nil
  ) -> Tensor {
    if dtype.isHalf {
      let wide = cast(to: dtype.arithmetic)
        .crossEntropy(targets, reduction: reduction, labelSmoothing: labelSmoothing, ignoring: ignoring)
      return wide.cast(to: targets.dtype.isFloatingPoint ? Tensor.promotedDType(self, targets) : dtype)
    }
    let logits = floating
    let axis = classAxis("crossEntropy")
    let shifted = logits - logits.shift([axis], "crossEntropy")
    let logSum = shifted.exp().reduce(.sum, "crossEntropy", [axis], false).log()
    func mean(_ x: Tensor) -> Tensor { x.reduce(.sum, "crossEntropy", [axis], false) / shape[axis] }
    if targets.dtype.isFloatingPoint {
      Tensor.require(
        targets.shape == shape && ignoring == nil, "crossEntropy",
        "probabilities are of shape \(targets.shape), logits of \(shape), and none is ignored")
      let smooth = labelSmoothing == 0 ? targets : targets * (1 - labelSmoothing) + labelSmoothing / Double(shape[axis])
      let losses = -(smooth * (shifted - logSum.unsqueezed(at: axis))).reduce(.sum, "crossEntropy", [axis], false)
      return losses.reduced(reduction, count: nil)
    }
    var losses = logSum - shifted.picked(targets, axis, "crossEntropy")
    if labelSmoothing != 0 {
      losses = losses * (1 - labelSmoothing) + (logSum - mean(shifted)) * labelSmoothing
    }
    return losses.reduced(reduction, targets, ignoring: ignoring)
  }

  /// Returns the negative of the log-probabilities (`self`) of classes; axes and targets as for `crossEntropy`.
  public func negativeLogLikelihood(
    _ targets: Tensor, reduction: LossReduction = .mean, ignoring: Int? = nil
  ) -> Tensor {
    if dtype.isHalf {
      return widened { $0.negativeLogLikelihood(targets, reduction: reduction, ignoring: ignoring) }
    }
    let losses = -floating.picked(targets, classAxis("negativeLogLikelihood"), "negativeLogLikelihood")
    return losses.reduced(reduction, targets, ignoring: ignoring)
  }

  /// Returns the squared differences from a target of a shape that broadcasts.
  public func meanSquaredError(_ target: Tensor, reduction: LossReduction = .mean) -> Tensor {
    Tensor.widened(floating, target) { ($0 - $1).square().reduced(reduction, count: nil) }
  }

  /// Returns the absolute differences from a target of a shape that broadcasts.
  public func meanAbsoluteError(_ target: Tensor, reduction: LossReduction = .mean) -> Tensor {
    Tensor.widened(floating, target) { ($0 - $1).abs().reduced(reduction, count: nil) }
  }

  /// Returns half the squared differences from a target, continued as straight lines beyond `delta`. (Huber 1964)
  public func huberLoss(_ target: Tensor, delta: Double = 1, reduction: LossReduction = .mean) -> Tensor {
    Tensor.widened(floating, target) { x, target in
      let difference = x - target
      let distance = difference.abs()
      let losses = Tensor.where(distance .<= delta, difference.square() * 0.5, (distance - 0.5 * delta) * delta)
      return losses.reduced(reduction, count: nil)
    }
  }

  /// Returns the cross entropy of probabilities 0 ... 1 (`target`) under sigmoid(self), which does not overflow.
  public func binaryCrossEntropyWithLogits(_ target: Tensor, reduction: LossReduction = .mean) -> Tensor {
    Tensor.widened(floating, target) { x, target in (x.softplus() - x * target).reduced(reduction, count: nil) }
  }

  private func classAxis(_ op: String) -> Int {
    Tensor.require(rank > 0, op, "a scalar has no axis of classes")
    let axis = rank == 1 ? 0 : 1
    requireConstant(axis, op)
    return axis
  }

  /// Returns the elements whose index on `axis` is the one `targets` names, without that axis; NaN where there is none.
  ///
  /// They are picked by comparison and not gathered, so that forward and backward both fuse with the softmax around.
  private func picked(_ targets: Tensor, _ axis: Int, _ op: String) -> Tensor {
    let places = shape.removing([axis])
    Tensor.require(targets.dtype.isInteger, op, "targets are \(targets.dtype), neither classes nor probabilities")
    Tensor.require(
      targets.shape == places, op, "targets are of shape \(targets.shape), not \(places), for predictions \(shape)")
    let wanted = targets.cast(to: .int64)
    let classes = Primitive.iota(axis: axis, shape, .int64)
    let chosen = Tensor.where(classes .== wanted.unsqueezed(at: axis), self, 0).reduce(.sum, op, [axis], false)
    return Tensor.where((wanted .>= 0) .& (wanted .< shape[axis]), chosen, Double.nan)
  }

  /// Returns the losses combined, those whose target is to be ignored left out.
  private func reduced(_ reduction: LossReduction, _ targets: Tensor, ignoring: Int?) -> Tensor {
    guard let ignoring else { return reduced(reduction, count: nil) }
    let counts = targets .!= ignoring
    let losses = Tensor.where(counts, self, 0)
    return losses.reduced(reduction, count: reduction == .mean ? counts.cast(to: dtype).sum() : nil)
  }

  private func reduced(_ reduction: LossReduction, count: Tensor?) -> Tensor {
    switch reduction {
    case .none: self
    case .sum: sum()
    case .mean: count.map { sum() / $0 } ?? mean()
    }
  }
}
