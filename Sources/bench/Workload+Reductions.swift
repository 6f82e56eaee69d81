import Swiftlet

extension Workload {
  /// Reductions that threads share in parts, and what is made of them.
  static let reductions: [Workload] = [
    sumColumns, meanVariance, argmax, crossEntropy, crossEntropyGradient, layerNormGradients,
  ]

  private static let sumColumns = Workload(
    name: "sum_columns", summary: "sums of columns, 8192 x 768", bytes: 8192 * 768 * 4
  ) {
    let x = leaf(8192, 768)
    return { _ = x.sum(axes: [0]).realize() }
  }

  private static let meanVariance = Workload(
    name: "mean_variance", summary: "mean and variance of 16 M floats, in two passes", bytes: 2 << 26
  ) {
    let x = leaf(1 << 12, 1 << 12)
    return { Tensor.realize(x.mean(), x.variance()) }
  }

  private static let argmax = Workload(
    name: "argmax", summary: "index of the largest of 16 M floats, in two passes", bytes: 2 << 26
  ) {
    let x = leaf(1 << 12, 1 << 12)
    return { _ = x.argmax().realize() }
  }

  private static let crossEntropy = Workload(
    name: "cross_entropy", summary: "cross entropy of 1000 classes, 4096 rows", bytes: 4096 * 1000 * 4
  ) {
    let (logits, classes) = (leaf(4096, 1000), Tensor((0..<4096).map { Int64($0 % 1000) }))
    return { _ = logits.crossEntropy(classes).realize() }
  }

  private static let crossEntropyGradient = Workload(
    name: "cross_entropy_gradient", summary: "cross entropy of 1000 classes, 4096 rows, and its gradient",
    bytes: 2 * 4096 * 1000 * 4
  ) {
    let (logits, classes) = (leaf(4096, 1000), Tensor((0..<4096).map { Int64($0 % 1000) }))
    return {
      let loss = logits.crossEntropy(classes)
      Tensor.realize([loss] + loss.gradients(with: [logits]))
    }
  }

  private static let layerNormGradients = Workload(
    name: "layernorm_gradients", summary: "layer norm of rows, 8192 x 768, and its three gradients",
    bytes: 4 * 8192 * 768 * 4
  ) {
    let (x, weight, bias, seed) = (leaf(8192, 768), leaf(768), leaf(768), leaf(8192, 768))
    return {
      let y = x.layerNorm(axes: [-1], weight: weight, bias: bias)
      Tensor.realize([y] + y.gradients(with: [x, weight, bias], seed: seed))
    }
  }
}
