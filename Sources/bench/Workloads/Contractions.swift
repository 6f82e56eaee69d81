import Swiftlet

extension Workload {
  /// Matrix products of all shapes, and a linear layer.
  static let contractions: [Workload] =
    [256, 512, 1000, 1024, 2048].map { matmul("matmul_\($0)", $0, $0, $0) } + [
      matmul("matmul_1000_ta", 1000, 1000, 1000, transposing: .left),
      matmul("matmul_1000_tb", 1000, 1000, 1000, transposing: .right),
      matmul("matmul_1024_ta", 1024, 1024, 1024, transposing: .left),
      matmul("matmul_1024_tb", 1024, 1024, 1024, transposing: .right),
      matmul("matmul_batched", 1024, 1024, 64, batch: [12]),
      matmul("matmul_batched_tb", 1024, 1024, 64, batch: [12], transposing: .right),
      matmul("matmul_64x4096x4096", 64, 4096, 4096),
      matmul("matmul_4096x4096x64", 4096, 4096, 64),
      matmul("matmul_4096x64x4096", 4096, 64, 4096),
      matmul("matmul_1x4096x4096", 1, 4096, 4096),
      matmul("matmul_1x4096x4096_tb", 1, 4096, 4096, transposing: .right),
      matmul("matmul_1x4096x4096_bfloat16", 1, 4096, 4096, dtype: .bfloat16),
      matmul("matmul_1x4096x4096_tb_bfloat16", 1, 4096, 4096, transposing: .right, dtype: .bfloat16),
      matmul("matmul_512_float16", 512, 512, 512, dtype: .float16),
      matmul("matmul_512_bfloat16", 512, 512, 512, dtype: .bfloat16),
      linearGELU, linearGELUGradients,
    ]

  private enum Side { case left, right }

  /// A product [m, k] times [k, n]; an operand that is transposed lies in memory the other way round.
  private static func matmul(
    _ name: String, _ m: Int, _ n: Int, _ k: Int, batch: [Int] = [], transposing side: Side? = nil,
    dtype: DType = .float32
  ) -> Workload {
    let shape = (batch + [m, n, k]).map { "\($0)" }.joined(separator: " x ")
    let transposed =
      switch side {
      case .left: ", left operand transposed"
      case .right: ", right operand transposed"
      case nil: ""
      }
    let kind = dtype == .float32 ? "" : " of \(dtype)"
    return .computing(
      name, "matrix product\(kind), m x n x k = \(shape)\(transposed)", flops: 2 * batch.reduce(m * n * k, *),
      inputs: {
        let left = Input.uniform(0, Shape(batch + (side == .left ? [k, m] : [m, k]))).cast(to: dtype).realize()
        let right = Input.uniform(1, Shape(batch + (side == .right ? [n, k] : [k, n]))).cast(to: dtype).realize()
        return (left, right)
      }
    ) { left, right in [(side == .left ? left.T : left).matmul(side == .right ? right.T : right)] }
  }

  private static let linearShape = (rows: 512, inputs: 768, outputs: 3072)
  private static let linearFlops = 2 * linearShape.rows * linearShape.inputs * linearShape.outputs

  private static let linearGELU = Workload.computing(
    "linear_gelu", "linear 768 -> 3072 and GELU on 512 rows", flops: linearFlops, inputs: linearInputs
  ) { x, weight, bias, _ in [x.linear(weight, bias: bias).gelu()] }

  private static let linearGELUGradients = Workload.computing(
    "linear_gelu_gradients", "the same and its three gradients", flops: 3 * linearFlops, inputs: linearInputs
  ) { x, weight, bias, seed in
    let y = x.linear(weight, bias: bias).gelu()
    return [y] + y.gradients(with: [x, weight, bias], seed: seed)
  }

  @Sendable private static func linearInputs() -> (Tensor, Tensor, Tensor, Tensor) {
    let (rows, inputs, outputs) = linearShape
    return (
      Input.uniform(0, [rows, inputs]), Input.uniform(1, [outputs, inputs], scale: 0.05),
      Input.uniform(2, [outputs]), Input.uniform(3, [rows, outputs])
    )
  }
}
