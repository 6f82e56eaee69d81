import Swiftlet

extension Workload {
  /// Cross entropy of few and of many classes.
  static let losses: [Workload] = [
    crossEntropy("cross_entropy_1000", rows: 4096, classes: 1000),
    crossEntropyGradient("cross_entropy_1000_gradient", rows: 4096, classes: 1000),
    crossEntropy("cross_entropy", rows: 512, classes: 50_257),
    crossEntropyGradient("cross_entropy_gradient", rows: 512, classes: 50_257),
  ]

  private static func crossEntropy(_ name: String, rows: Int, classes: Int) -> Workload {
    .computing(
      name, "cross entropy of \(classes) classes, \(rows) rows", bytes: 4 * rows * classes,
      inputs: { inputs(rows, classes) }
    ) { logits, targets in [logits.crossEntropy(targets)] }
  }

  private static func crossEntropyGradient(_ name: String, rows: Int, classes: Int) -> Workload {
    .computing(
      name, "cross entropy of \(classes) classes, \(rows) rows, and its gradient", bytes: 2 * 4 * rows * classes,
      inputs: { inputs(rows, classes) }
    ) { logits, targets in
      let loss = logits.crossEntropy(targets)
      return [loss] + loss.gradients(with: [logits])
    }
  }

  private static func inputs(_ rows: Int, _ classes: Int) -> (Tensor, Tensor) {
    (Input.uniform(0, [rows, classes], scale: 4), Input.integers(1, below: classes, [rows]))
  }
}
