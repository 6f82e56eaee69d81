/// Contractions: products summed over shared axes. Each is a multiply and a sum over movements of its operands, which
/// the scheduler recognizes whatever the axes are called.
extension Tensor {
  /// Multiplies the last two axes as matrices. self: [..., m, k], other: [..., k, n] -> [..., m, n]. Batch axes broadcast.
  ///
  /// A vector on the left is a row, on the right a column, and its axis is absent from the result.
  public func matmul(_ other: Tensor) -> Tensor {
    // Widened before anything moves: kernels read the operands as they lie.
    Tensor.widened(self, other) { $0.product($1) }
  }

  private func product(_ other: Tensor) -> Tensor {
    func mismatch() -> Never { Tensor.misuse("matmul", "inner dimensions differ: \(shape) · \(other.shape)") }
    Tensor.require(rank > 0 && other.rank > 0, "matmul", "a scalar is no matrix: \(shape) · \(other.shape)")
    if other.rank == 1 {
      if shape.extents[rank - 1] != other.shape.extents[0] { mismatch() }
      return Tensor.product("matmul", self, other, sumLast: 1)
    }
    if shape.extents[rank - 1] != other.shape.extents[other.rank - 2] { mismatch() }
    if rank == 1 { return Tensor.product("matmul", self, other.T, sumLast: 1) }
    return contracted(rowsOf: other.T, "matmul") { "\(shape) · \(other.shape)" }
  }

  /// Returns the sum of the products of two vectors. self: [n], other: [n] -> scalar
  public func dot(_ other: Tensor) -> Tensor {
    Tensor.require(
      rank == 1 && shape == other.shape, "dot", "takes vectors of one extent, not \(shape) and \(other.shape)")
    return Tensor.product("dot", self, other, sumLast: 1)
  }

  /// Returns the products of all pairs. self: [m], other: [n] -> [m, n]
  public func outer(_ other: Tensor) -> Tensor {
    Tensor.require(rank == 1 && other.rank == 1, "outer", "takes vectors, not \(shape) and \(other.shape)")
    return unsqueezed(at: 1) * other
  }

  /// Returns x weightᵀ + bias. self: [..., in], weight: [out, in], bias: [out] -> [..., out]
  public func linear(_ weight: Tensor, bias: Tensor? = nil) -> Tensor {
    Tensor.require(
      rank > 0 && weight.rank == 2 && shape.extents[rank - 1] == weight.shape.extents[1], "linear",
      "inner dimensions differ: \(shape) · weight \(weight.shape), which is [out, in]")
    let result = Tensor.widened(self, weight) { x, weight in
      Tensor.product("linear", x.unsqueezed(at: -2), weight, sumLast: 1)
    }
    guard let bias else { return result }
    Tensor.require(
      bias.shape == [weight.shape[0]], "linear", "bias \(bias.shape) does not fit weight \(weight.shape)")
    return result + bias
  }
}

extension Tensor {
  /// Contracts the last axes. self: [..., m, k], other: [..., n, k] -> [..., m, n]. Batch axes broadcast.
  func contracted(rowsOf other: Tensor, _ op: String, operands: () -> String) -> Tensor {
    let columns = other.unsqueezed(at: -3)
    let left = unsqueezed(at: -2)
    Tensor.require(
      Shape.broadcast(left.shape, columns.shape) != nil, op, "batch axes do not broadcast: \(operands())")
    return Tensor.product(op, left, columns, sumLast: 1)
  }

  /// Returns the elementwise product summed over its last axes. Operands are promoted, sums are of the same dtype;
  /// those of 16-bit floating-point numbers are computed in `float32` and rounded once.
  static func product(_ op: String, _ a: Tensor, _ b: Tensor, sumLast count: Int) -> Tensor {
    let dtype = promotedDType(a, b)
    let (x, y) = aligned(op, a.cast(to: dtype), b.cast(to: dtype), dtype: dtype.arithmetic)
    require(x.dtype != .bool, op, "does not take bool; cast to a dtype of numbers first")
    let product = Primitive.binary(.multiply, x, y)
    return Primitive.reduce(.sum, product, axes: Array(product.rank - count..<product.rank)).cast(to: dtype)
  }
}
