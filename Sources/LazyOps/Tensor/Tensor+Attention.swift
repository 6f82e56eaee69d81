extension Tensor {
  /// Returns softmax(query keyᵀ scale) value: for each query the values, weighted by how well their keys fit. query:
  /// [..., m, d], key: [..., n, d], value: [..., n, e] -> [..., m, e]. Batch axes broadcast. (Vaswani et al. 2017)
  ///
  /// - Parameters:
  ///   - mask: broadcasts with the scores [..., m, n]; `bool` is true where a key may be seen, numbers are added.
  ///   - isCausal: whether query `i` sees keys 0 through `i` only.
  ///   - scale: 1 / sqrt(d) unless given.
  ///
  /// A query that sees no key gives NaN.
  public static func scaledDotProductAttention(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, isCausal: Bool = false,
    scale: Double? = nil
  ) -> Tensor {
    let op = "scaledDotProductAttention"
    require(
      query.rank >= 2 && key.rank >= 2 && value.rank >= 2 && query.shape[query.rank - 1] == key.shape[key.rank - 1]
        && key.shape.extents[key.rank - 2] == value.shape.extents[value.rank - 2], op,
      "shapes do not fit: query \(query.shape), key \(key.shape), value \(value.shape)")
    let dtype = promotedDType(of: [query, key, value])
    if dtype.isHalf {
      // Scores and weights stay in float32 in between.
      func wide(_ x: Tensor) -> Tensor { x.cast(to: dtype).cast(to: dtype.arithmetic) }
      return scaledDotProductAttention(
        wide(query), wide(key), wide(value), mask: mask, isCausal: isCausal, scale: scale
      ).cast(to: dtype)
    }
    let width = Double(query.shape[query.rank - 1])
    let products = query.contracted(rowsOf: key, op) { "query \(query.shape), key \(key.shape)" }
    var scores = products * (scale ?? 1 / width.squareRoot())
    if isCausal {
      let visible = lowerTriangle(Shape(extents: Array(scores.shape.extents.suffix(2))))
      scores = Tensor.where(visible, scores, -Double.infinity)
    }
    if let mask {
      scores = mask.dtype == .bool ? Tensor.where(mask, scores, -Double.infinity) : scores + mask
    }
    return scores.softmax(axis: -1).matmul(value)
  }
}
