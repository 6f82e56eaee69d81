import Swiftlet

extension Workload {
  /// Rows of a table chosen by numbers.
  static let lookUps: [Workload] = [
    .computing(
      "embedding", "4 x 1024 rows of 768 out of 50257", bytes: 2 * rowBytes, inputs: inputs
    ) { table, ids, _ in [table.embedding(ids)] },
    .computing(
      "embedding_gradient", "the same and the table's gradient", bytes: 4 * rowBytes + 50_257 * 768 * 4,
      inputs: inputs
    ) { table, ids, seed in
      let y = table.embedding(ids)
      return [y] + y.gradients(with: [table], seed: seed)
    },
  ]

  private static let rowBytes = 4 * 1024 * 768 * 4

  @Sendable private static func inputs() -> (Tensor, Tensor, Tensor) {
    (
      Input.uniform(0, [50_257, 768]), Input.integers(1, below: 50_257, [4, 1024]),
      Input.uniform(2, [4, 1024, 768])
    )
  }
}
