package import LazyOps

/// Attention in the ways people write it.
package enum AttentionForm: String, CaseIterable, Sendable {
  case plain, causal, triangle, filled, added, window, finite, projected

  /// Returns queries x width for each head; `numbers` makes the inputs, which are returned too.
  package func make(
    heads: Int, queries: Int, keys: Int, width: Int, _ numbers: (Shape) -> Tensor
  ) -> (output: Tensor, inputs: [Tensor]) {
    let (q, k, v): (Tensor, Tensor, Tensor)
    let inputs: [Tensor]
    if self == .projected {
      // As a block of GPT-2 has it: one projection, cut in three, heads inside.
      let all = numbers([keys, 3 * heads * width])
      func part(_ number: Int) -> Tensor {
        let start = number * heads * width
        return all[0..<keys, start..<start + heads * width].reshape([keys, heads, width]).permute([1, 0, 2])
      }
      (q, k, v, inputs) = (part(0)[0..<heads, 0..<Swift.min(queries, keys)], part(1), part(2), [all])
    } else {
      (q, k, v) = (
        numbers([heads, queries, width]), numbers([heads, keys, width]), numbers([heads, keys, width])
      )
      inputs = [q, k, v]
    }
    let rows = q.shape[1]
    // The last query sees the last key.
    let row = Tensor.arange(rows).reshape([rows, 1]) + (keys - rows)
    let column = Tensor.arange(keys).reshape([1, keys])
    let scores = q.matmul(k.permute([0, 2, 1])) * 0.25
    func weighted(_ scores: Tensor) -> Tensor { scores.softmax(axis: -1).matmul(v) }
    switch self {
    case .plain: return (weighted(scores), inputs)
    case .causal: return (Tensor.scaledDotProductAttention(q, k, v, isCausal: true), inputs)
    case .triangle: return (weighted(Tensor.where(column .<= row, scores, -Double.infinity)), inputs)
    case .filled: return (weighted(Tensor.where(column .> row, -Double.infinity, scores)), inputs)
    case .added: return (weighted(scores + Tensor.where(column .<= row, 0.0, -Double.infinity)), inputs)
    case .window:
      let near = (column .<= row) .& (row - column .< 70)
      return (weighted(Tensor.where(near, scores, -Double.infinity)), inputs)
    case .finite: return (weighted(Tensor.where(column .<= row, scores, -1e9)), inputs)
    case .projected:
      let y = weighted(Tensor.where(column .<= row, scores, -Double.infinity))
      return (y.permute([1, 0, 2]).reshape([rows, heads * width]), inputs)
    }
  }
}
