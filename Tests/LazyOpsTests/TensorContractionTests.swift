import LazyOps
import Testing

@Suite struct TensorContractionTests {
  let a = Tensor.arange(6).reshape(2, 3).cast(to: .float32)
  let b = Tensor.arange(12).reshape(3, 4).cast(to: .float32)
  let product = [20.0, 23, 26, 29, 56, 68, 80, 92]

  @Test func matricesAndVectors() throws {
    try expect(a.matmul(b), product, [2, 4], dtype: .float32)
    try expect(a.matmul(Tensor([1.0, 0, -1])), [-2, -2], [2])
    try expect(Tensor([1.0, -1]).matmul(a), [-3, -3, -3], [3])
    try expect(Tensor([1, 2]).matmul(Tensor([3, 4])), [11], [], dtype: .int64)
    try expect(Tensor([1, 2]).dot(Tensor([3, 4])), [11], [])
    try expect(Tensor([1, 2]).outer(Tensor([3, 4, 5])), [3, 4, 5, 6, 8, 10], [2, 3])
    try expect(Tensor([[Int32(2)]]).matmul(Tensor([[Int32(3)]])), [6], [1, 1], dtype: .int32)
    try expect(Tensor.zeros([2, 0]).matmul(.zeros([0, 1])), [0, 0], [2, 1])
  }

  @Test func batchesBroadcast() throws {
    let batch = Tensor.stack([a, a * 2])
    try expect(batch.matmul(b), product + product.map { $0 * 2 }, [2, 2, 4])
    try expect(a.matmul(.stack([b, b * 2])), product + product.map { $0 * 2 }, [2, 2, 4])
    let outer = batch.unsqueezed(at: 1).matmul(.stack([b, -b, b]))
    #expect(outer.shape == [2, 3, 2, 4])
    try expect(outer[1, 1], product.map { $0 * -2 })
    try expect(batch.matmul(Tensor([1.0, 1, 1])), [3, 12, 6, 24], [2, 2])
    try expect(Tensor([1.0, 1]).matmul(batch), [3, 5, 7, 6, 10, 14], [2, 3])
  }

  @Test func aMatrixProductIsAMultiplyAndASum() {
    let arithmetic = ops(of: a.matmul(b)).filter { op in
      switch op {
      case .binary, .reduce: true
      case _: false
      }
    }
    #expect(arithmetic == [.binary(.multiply), .reduce(.sum, axes: [2])])
  }

  @Test func linearLayers() throws {
    let bias = Tensor([100.0, 200, 300, 400])
    let wanted = [120.0, 223, 326, 429, 156, 268, 380, 492]
    try expect(a.linear(b.T, bias: bias), wanted, [2, 4])
    try expect(a[1].linear(b.T), [56, 68, 80, 92], [4])
    try expect(a.reshape(2, 1, 3).linear(b.T, bias: bias), wanted, [2, 1, 4])
  }

  @Test func einsum() throws {
    try expect(.einsum("ij,jk->ik", a, b), product, [2, 4])
    try expect(.einsum("ij,jk", a, b), product, [2, 4])
    try expect(.einsum("ij -> ji", a), [0, 3, 1, 4, 2, 5], [3, 2])
    try expect(.einsum("ij->", a), [15], [])
    try expect(.einsum("ij->j", a), [3, 5, 7], [3])
    try expect(.einsum("i,j->ij", Tensor([1, 2]), Tensor([3, 4])), [3, 4, 6, 8], [2, 2])
    try expect(.einsum("bij,bjk->bik", .stack([a, a]), .stack([b, b])), product + product, [2, 2, 4])
    let ten = Tensor.arange(12)
    try expect(
      .einsum("...ij,kj->...ik", ten.reshape(2, 2, 3), Tensor.arange(6).reshape(2, 3)),
      [5, 14, 14, 50, 23, 86, 32, 122], [2, 2, 2])
    try expect(.einsum("iij->j", ten.reshape(2, 2, 3)), [9, 11, 13], [3])
    try expect(.einsum("ii->i", b[..., 1...]), [1, 6, 11], [3])
    let z = Tensor.arange(6).square().reshape(2, 3)
    try expect(.einsum("ij,jk,kl->il", z, z.T, z), [1044, 1873, 2968, 8658, 15508, 24514], [2, 3])
    try expect(.einsum("ij,j->i", a, Tensor([2.0])), [6, 24], [2], comment: "an extent of 1 broadcasts")
  }

  @Test func attention() throws {
    // What PyTorch gives for these.
    func wave(_ shape: Shape, _ step: Double) -> Tensor {
      (Tensor.arange(shape.elementCount).cast(to: .float32) * step).reshape(to: shape)
    }
    let (q, k, v) = (wave([2, 3, 2], 0.7).sin(), wave([2, 4, 2], 0.3).cos(), wave([2, 4, 3], 0.2).sin())
    let full = Tensor.scaledDotProductAttention(q, k, v)
    try expect(
      full[0], [0.5289076, 0.6381797, 0.7220094, 0.4078488, 0.5477687, 0.6658509, 0.6287163, 0.7112771, 0.7654816])
    try expect(full[1, -1], [-0.2671089, -0.4053117, -0.5273561])
    let causal = Tensor.scaledDotProductAttention(q, k, v, isCausal: true)
    try expect(causal[0], [0, 0.1986693, 0.3894184, 0.2367873, 0.4161847, 0.5789902, 0.5096334, 0.6429529, 0.7506398])
    let mask = Tensor.lowerTriangle([3, 4])
    try expect(Tensor.scaledDotProductAttention(q, k, v, mask: mask), hostNumbers(causal), [2, 3, 3])
    let bias = Tensor.where(mask, 0.0, -1e9)
    try expect(Tensor.scaledDotProductAttention(q, k, v, mask: bias), hostNumbers(causal), [2, 3, 3])
    try expect(Tensor.scaledDotProductAttention(q, k, v, scale: 0)[0, 0], hostNumbers(v[0].mean(axis: 0)))
  }

  @Test func misuse() async {
    let inner = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]).matmul(.zeros([4, 5]))
    }
    #expect(says(inner?.standardErrorContent ?? [], "[matmul] inner dimensions differ: [2, 3] · [4, 5]"))
    let batch = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 1, 3]).matmul(.zeros([4, 3, 5]).reshape(2, 2, 3, 5)[0, ...].tile([2, 1, 1])[..<3])
    }
    #expect(says(batch?.standardErrorContent ?? [], "[matmul] batch axes do not broadcast: [2, 1, 3] · [3, 3, 5]"))
    let extents = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.einsum("ij,jk->ik", .zeros([2, 3]), .zeros([4, 5]))
    }
    #expect(says(extents?.standardErrorContent ?? [], "[einsum] ij,jk->ik: axis j has extents 3 and 4"))
  }
}
