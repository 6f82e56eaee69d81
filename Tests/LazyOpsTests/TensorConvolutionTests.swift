import LazyOps
import Testing

/// What is expected is what PyTorch gives.
@Suite struct TensorConvolutionTests {
  /// Small whole numbers in a pattern that no symmetry maps to itself.
  func pattern(_ shape: Shape, modulo: Int) -> Tensor {
    (Tensor.arange(shape.elementCount) % modulo - modulo / 2).cast(to: .float32).reshape(to: shape)
  }

  /// One number that changes if any element does, or if two change places.
  func checksum(_ x: Tensor, modulo: Int) -> Tensor { (x.flatten() * (Tensor.arange(x.elementCount) % modulo)).sum() }

  @Test func groupsStridesAndPadding() throws {
    let x = pattern([2, 4, 5, 5], modulo: 7)
    let weight = pattern([6, 2, 3, 2], modulo: 5)
    let bias = Tensor.arange(6).cast(to: .float32)
    let y = x.conv2d(weight, bias: bias, stride: 2, padding: 1, groups: 2)
    #expect(y.shape == [2, 6, 3, 3])
    try expect(y[0, 0..<2].flatten(), [-4, 18, -15, -6, -10, 5, 5, 2, -5, 5, -10, 12, 6, 1, 17, -3, -8, -6])
    try expect(y[1, 5].flatten(), [1, -2, 7, 10, 7, -6, 9, -7, 14])
    let uneven = x.convolution(
      weight, bias: bias, strides: [1, 2], padding: [(1, 1), (0, 0)], dilations: [2, 1], groups: 2)
    #expect(uneven.shape == [2, 6, 3, 2])
    try expect(uneven.flatten()[..<12], [-7, 9, 12, -8, 1, 1, 6, -7, 8, 3, -6, 10])
    try expect(checksum(uneven, modulo: 1_000_000), [4396])
  }

  @Test func oneDimension() throws {
    let x = pattern([2, 4, 5, 5], modulo: 7)[..., 0]
    let weight = pattern([6, 2, 3, 2], modulo: 5)[..., 0]
    let y = x.conv1d(weight, padding: 1, dilation: 2, groups: 2)
    #expect(y.shape == [2, 6, 3])
    try expect(y[0], [-9, 8, -1, 8, 4, -9, 0, -5, 8, 2, 4, 2, -3, 3, 2, -8, -8, -3])
  }

  @Test func aFilterOfOneElementIsAMatrixProduct() throws {
    let x = pattern([1, 3, 2, 2], modulo: 7)
    let weight = pattern([2, 3, 1, 1], modulo: 5)
    try expect(x.conv2d(weight), hostNumbers(weight.reshape(2, 3).matmul(x.reshape(3, 4))), [1, 2, 2, 2])
  }

  @Test func transposed() throws {
    let x = pattern([2, 4, 5, 5], modulo: 7)
    let y = x.convTranspose2d(
      pattern([4, 3, 3, 2], modulo: 5), bias: Tensor.arange(6).cast(to: .float32), stride: 2, padding: 1,
      outputPadding: 1, groups: 2)
    #expect(y.shape == [2, 6, 10, 9])
    try expect(y.flatten()[..<12], [-4, -4, -4, -6, -4, 6, 3, 4, 3, 3, -10, 3])
    try expect(checksum(y, modulo: 11), [13233])
  }

  @Test func transposedIsTheAdjoint() throws {
    let x = pattern([1, 2, 6, 6], modulo: 7)
    let weight = pattern([3, 2, 3, 3], modulo: 5)
    let y = x.conv2d(weight, stride: 2, padding: 1)
    let seed = pattern(y.shape, modulo: 3)
    let back = seed.convTranspose2d(weight, stride: 2, padding: 1, outputPadding: 1)
    try expect(y.gradients(with: [x], seed: seed)[0], hostNumbers(back), back.shape)
  }

  @Test func pooling() throws {
    let x = pattern([2, 4, 5, 5], modulo: 7)[..<1, ..<1]
    try expect(x.maxPool2d(3, stride: 2, padding: 1), [3, 3, 1, 3, 3, 3, 3, 1, 2], [1, 1, 3, 3])
    try expect(
      x.avgPool2d(3, stride: 2, padding: 1),
      [0, -0.5555556, -0.2222222, 0.3333333, 0.4444444, 0, -0.3333333, -0.6666667, 0.2222222], [1, 1, 3, 3])
    try expect((x - 100).maxPool2d(2, padding: 1)[0, 0, 0], [-103, -101, -99], comment: "padding is never the maximum")
    #expect(x.maxPool2d(2).shape == [1, 1, 2, 2])
    #expect(x.cast(to: .int32).maxPool2d(2, padding: 1).dtype == .int32)
  }

  @Test func misuse() async {
    let channels = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([1, 3, 8, 8]).conv2d(.zeros([4, 2, 3, 3]))
    }
    let message = "[convolution] channels differ: input [1, 3, 8, 8], weight [4, 2, 3, 3], 1 groups"
    #expect(says(channels?.standardErrorContent ?? [], message))
    let size = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([1, 1, 2, 2]).conv2d(.zeros([1, 1, 3, 3]))
    }
    #expect(says(size?.standardErrorContent ?? [], "a window of 3, dilated by 1, does not fit into axis 2"))
  }
}
