import Swiftlet

extension Workload {
  /// A convolution of the middle of a ResNet.
  static let convolutions: [Workload] = [convolution, convolutionGradients, stridedGradients]

  private static let flops = 2 * 32 * 64 * 56 * 56 * 64 * 9

  private static let convolution = Workload.computing(
    "conv3x3", "convolution 3 x 3, 64 -> 64 channels, 32 images of 56 x 56", flops: flops, inputs: inputs
  ) { x, weight, _ in [x.conv2d(weight, padding: 1)] }

  private static let convolutionGradients = Workload.computing(
    "conv3x3_gradients", "the same and its two gradients", flops: 3 * flops, inputs: inputs
  ) { x, weight, seed in
    let y = x.conv2d(weight, padding: 1)
    return [y] + y.gradients(with: [x, weight], seed: seed)
  }

  /// The convolution with which a stage of a ResNet begins.
  private static let stridedGradients = Workload.computing(
    "conv3x3_stride2_gradients", "convolution 3 x 3, stride 2, 64 -> 128 channels, and its two gradients",
    flops: 3 * flops / 2, inputs: stridedInputs
  ) { x, weight, seed in
    let y = x.conv2d(weight, stride: 2, padding: 1)
    return [y] + y.gradients(with: [x, weight], seed: seed)
  }

  @Sendable private static func stridedInputs() -> (Tensor, Tensor, Tensor) {
    (
      Input.uniform(0, [32, 64, 56, 56]), Input.uniform(1, [128, 64, 3, 3], scale: 0.05),
      Input.uniform(2, [32, 128, 28, 28])
    )
  }

  @Sendable private static func inputs() -> (Tensor, Tensor, Tensor) {
    (
      Input.uniform(0, [32, 64, 56, 56]), Input.uniform(1, [64, 64, 3, 3], scale: 0.05),
      Input.uniform(2, [32, 64, 56, 56])
    )
  }
}
