/// Initial values of weights. The fans of a shape [out, in, k...] are in * k... and out * k...: how many numbers each
/// output is made from, and each input goes to.
extension Tensor {
  /// Returns uniform numbers within ±gain sqrt(6 / (fan in + fan out)), which keeps the variance of activations and
  /// gradients through tanh layers. (Glorot and Bengio 2010) -> shape
  public static func glorotUniform(
    _ shape: Shape, gain: Double = 1, dtype: DType = .float32, using generator: RandomGenerator = .global
  ) -> Tensor {
    let fans = fans(of: shape, "glorotUniform")
    let bound = gain * (6 / (fans.in + fans.out)).squareRoot()
    return uniform(shape, low: -bound, high: bound, dtype: dtype, using: generator)
  }

  /// Returns normal numbers of standard deviation gain sqrt(2 / (fan in + fan out)). (Glorot and Bengio 2010) -> shape
  public static func glorotNormal(
    _ shape: Shape, gain: Double = 1, dtype: DType = .float32, using generator: RandomGenerator = .global
  ) -> Tensor {
    let fans = fans(of: shape, "glorotNormal")
    let deviation = gain * (2 / (fans.in + fans.out)).squareRoot()
    return normal(shape, standardDeviation: deviation, dtype: dtype, using: generator)
  }

  /// Returns uniform numbers within ±gain sqrt(3 / fan in). The gain sqrt(2) keeps the variance through ReLU layers;
  /// sqrt(1 / 3) gives ±1 / sqrt(fan in), with which PyTorch's layers begin. (He et al. 2015) -> shape
  public static func kaimingUniform(
    _ shape: Shape, gain: Double = 2.0.squareRoot(), dtype: DType = .float32,
    using generator: RandomGenerator = .global
  ) -> Tensor {
    let bound = gain * (3 / fans(of: shape, "kaimingUniform").in).squareRoot()
    return uniform(shape, low: -bound, high: bound, dtype: dtype, using: generator)
  }

  /// Returns normal numbers of standard deviation gain / sqrt(fan in). (He et al. 2015) -> shape
  public static func kaimingNormal(
    _ shape: Shape, gain: Double = 2.0.squareRoot(), dtype: DType = .float32,
    using generator: RandomGenerator = .global
  ) -> Tensor {
    let deviation = gain / fans(of: shape, "kaimingNormal").in.squareRoot()
    return normal(shape, standardDeviation: deviation, dtype: dtype, using: generator)
  }

  private static func fans(of shape: Shape, _ op: String) -> (in: Double, out: Double) {
    require(shape.rank >= 2, op, "shape \(shape) is not [out, in, ...]")
    let window = shape.dimensions.dropFirst(2).reduce(1, *)
    return (Double(Swift.max(shape[1] * window, 1)), Double(Swift.max(shape[0] * window, 1)))
  }
}
