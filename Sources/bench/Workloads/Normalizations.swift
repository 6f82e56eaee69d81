import Swiftlet

extension Workload {
  /// Softmax and the norms over the last axis, forward and with gradients.
  static let normalizations: [Workload] = [
    softmax, softmaxGradients, layerNorm, layerNormGradients, rmsNorm, rmsNormGradients,
  ]

  private static let softmax = Workload.computing(
    "softmax", "softmax of rows, 4096 x 1024", bytes: 2 << 24, inputs: softmaxInputs
  ) { x, _ in [x.softmax(axis: -1)] }

  private static let softmaxGradients = Workload.computing(
    "softmax_gradients", "the same and its gradient", bytes: 4 << 24, inputs: softmaxInputs
  ) { x, seed in
    let y = x.softmax(axis: -1)
    return [y] + y.gradients(with: [x], seed: seed)
  }

  private static let byteCount = 4096 * 768 * 4

  private static let layerNorm = Workload.computing(
    "layernorm", "layer norm of rows, 4096 x 768", bytes: 2 * byteCount, inputs: normInputs
  ) { x, weight, bias, _ in [x.layerNorm(axes: [-1], weight: weight, bias: bias)] }

  private static let layerNormGradients = Workload.computing(
    "layernorm_gradients", "the same and its three gradients", bytes: 4 * byteCount, inputs: normInputs
  ) { x, weight, bias, seed in
    let y = x.layerNorm(axes: [-1], weight: weight, bias: bias)
    return [y] + y.gradients(with: [x, weight, bias], seed: seed)
  }

  private static let rmsNorm = Workload.computing(
    "rms_norm", "RMS norm of rows, 4096 x 768", bytes: 2 * byteCount, inputs: normInputs
  ) { x, weight, _, _ in [x.rmsNorm(axes: [-1], weight: weight)] }

  private static let rmsNormGradients = Workload.computing(
    "rms_norm_gradients", "the same and its two gradients", bytes: 4 * byteCount, inputs: normInputs
  ) { x, weight, _, seed in
    let y = x.rmsNorm(axes: [-1], weight: weight)
    return [y] + y.gradients(with: [x, weight], seed: seed)
  }

  @Sendable private static func softmaxInputs() -> (Tensor, Tensor) {
    (Input.uniform(0, [4096, 1024], scale: 4), Input.uniform(1, [4096, 1024]))
  }

  @Sendable private static func normInputs() -> (Tensor, Tensor, Tensor, Tensor) {
    (Input.uniform(0, [4096, 768]), Input.uniform(1, [768]), Input.uniform(2, [768]), Input.uniform(3, [4096, 768]))
  }
}
