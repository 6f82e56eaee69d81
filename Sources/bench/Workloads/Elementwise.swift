import Swiftlet

extension Workload {
  /// What is computed element by element.
  static let elementwise: [Workload] = [chain, affine(.float32), affine(.float16), affine(.bfloat16)]

  private static let chain = Workload.computing(
    "chain", "gelu(2x + 1) then tanh over 4 M floats", bytes: 2 << 24, inputs: { Input.uniform(0, [1 << 22]) }
  ) { x in [(x * 2 + 1).geluTanh().tanh()] }

  private static func affine(_ dtype: DType) -> Workload {
    let count = 1 << 24
    return .computing(
      "affine_\(dtype)", "2x + 1 over 16 M elements", bytes: 2 * count * dtype.byteCount,
      inputs: { Input.uniform(0, [count]).cast(to: dtype).realize() }
    ) { x in [x * 2 + 1] }
  }
}
