extension Tensor {
  /// Returns exp(x) divided by its sum along an axis. The maximum is subtracted first, so that nothing overflows.
  public func softmax(axis: Int) -> Tensor {
    let axes = [resolve(axis: axis, "softmax")]
    return widened { x in
      let numerator = (x - x.shift(axes, "softmax")).exp()
      return numerator * numerator.reduce(.sum, "softmax", axes, true).reciprocal()
    }
  }

  /// Returns the logarithm of softmax along an axis, exact where softmax itself is 0.
  public func logSoftmax(axis: Int) -> Tensor {
    let axes = [resolve(axis: axis, "logSoftmax")]
    return widened { x in
      let shifted = x - x.shift(axes, "logSoftmax")
      return shifted - shifted.exp().reduce(.sum, "logSoftmax", axes, true).log()
    }
  }
}
