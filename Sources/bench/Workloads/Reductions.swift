import Swiftlet

extension Workload {
  /// Reductions that threads share in parts.
  static let reductions: [Workload] = [
    reduction("sum", "sum of 16 M floats") { $0.sum() },
    reduction("mean", "mean of 16 M floats") { $0.mean() },
    reduction("variance", "variance of 16 M floats, in two passes") { $0.variance() },
    reduction("argmax", "index of the largest of 16 M floats") { $0.argmax() },
    sumColumns,
  ]

  /// What goes along an axis in order.
  static let ordered: [Workload] = [
    .computing(
      "cumsum", "running sums of rows, 4096 x 4096", bytes: 1 << 27, inputs: { Input.uniform(0, [4096, 4096]) }
    ) { x in [x.cumsum(axis: -1)] },
    .computing("sort", "1 M floats sorted", inputs: { Input.uniform(0, [1 << 20]) }) { x in [x.sort().values] },
    .computing(
      "topk", "the 50 largest of each row, 512 x 50,257", bytes: 512 * 50257 * 4,
      inputs: { Input.uniform(0, [512, 50257]) }
    ) { x in [x.topk(50).values] },
  ]

  private static func reduction(
    _ name: String, _ summary: String, _ reduce: @escaping @Sendable (Tensor) -> Tensor
  ) -> Workload {
    .computing(name, summary, bytes: 1 << 26, inputs: { Input.uniform(0, [1 << 24]) }) { x in [reduce(x)] }
  }

  private static let sumColumns = Workload.computing(
    "sum_columns", "sums of columns, 8192 x 768", bytes: 8192 * 768 * 4, inputs: { Input.uniform(0, [8192, 768]) }
  ) { x in [x.sum(axes: [0])] }
}
