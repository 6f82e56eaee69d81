import Swiftlet

extension Workload {
  /// Attention as a formula says it, 12 heads of 1024 queries and keys, 64 wide.
  static let attention: [Workload] = [false, true].flatMap { isCausal in
    [
      .computing(
        isCausal ? "attention_causal" : "attention",
        "\(isCausal ? "causal " : "")attention, 12 heads x 1024 x 64", flops: flops / (isCausal ? 2 : 1),
        inputs: inputs
      ) { q, k, v, _ in [attend(q, k, v, isCausal)] },
      .computing(
        isCausal ? "attention_causal_gradients" : "attention_gradients", "the same and its three gradients",
        flops: 7 * flops / (isCausal ? 4 : 2), inputs: inputs
      ) { q, k, v, seed in
        let y = attend(q, k, v, isCausal)
        return [y] + y.gradients(with: [q, k, v], seed: seed)
      },
    ]
  }

  /// Two products of 1024 x 1024 x 64 a head; the gradients take five more.
  private static let flops = 2 * 2 * 12 * 1024 * 1024 * 64

  /// Written as in a textbook, with no function made for it.
  private static func attend(_ q: Tensor, _ k: Tensor, _ v: Tensor, _ isCausal: Bool) -> Tensor {
    var scores = q.matmul(k.T) * 0.125
    if isCausal { scores = Tensor.where(.lowerTriangle([1024, 1024]), scores, -Double.infinity) }
    return scores.softmax(axis: -1).matmul(v)
  }

  @Sendable private static func inputs() -> (Tensor, Tensor, Tensor, Tensor) {
    let all = (0..<4).map { Input.uniform($0, [12, 1024, 64], scale: $0 < 2 ? 2 : 1) }
    return (all[0], all[1], all[2], all[3])
  }
}
