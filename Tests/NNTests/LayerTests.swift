import Swiftlet
import Testing

@Suite struct LayerTests {
  @Test func linear() {
    let layer = Linear(
      weight: Tensor([[1, 2], [3, 4], [5, 6]] as [[Float]]), bias: Tensor([0.5, 0, -1] as [Float]))
    #expect(layer(Tensor([[1, 1], [2, 0]] as [[Float]])).floats == [3.5, 7, 10, 2.5, 6, 9])
    #expect(layer(Tensor([1, 1] as [Float])).shape == [3])
    #expect(Linear(2, 3, bias: false).bias == nil)
  }

  @Test func linearBeginsAsPyTorchs() {
    let layer = Linear(400, 50, using: RandomGenerator(seed: 3))
    // Uniform within ±1 / sqrt(400): standard deviation 0.05 / sqrt(3).
    for values in [layer.weight().floats, layer.bias!().floats] {
      #expect(values.allSatisfy { abs($0) <= 0.05 })
      #expect(values.max()! > 0.04 && values.min()! < -0.04)
    }
    let deviation = layer.weight().square().mean().sqrt().item
    #expect(abs(deviation - 0.0288675) < 0.001)
    #expect(Linear(400, 50, using: RandomGenerator(seed: 3)).weight().floats == layer.weight().floats)
    #expect(Linear(400, 50, using: RandomGenerator(seed: 4)).weight().floats != layer.weight().floats)
  }

  @Test func conv2d() {
    let layer = Conv2d(4, 6, size: 3, stride: 2, padding: 1, groups: 2)
    #expect(layer.weight.shape == [6, 2, 3, 3])
    #expect(layer.weight().floats.allSatisfy { abs($0) <= Float((1.0 / 18).squareRoot()) })
    layer.weight.value = .ones([6, 2, 3, 3])
    layer.bias!.value = Tensor([0, 1, 2, 3, 4, 5] as [Float])
    let y = layer(.ones([1, 4, 4, 4]))
    #expect(y.shape == [1, 6, 2, 2])
    // Windows at the border see 4 or 6 of 9 places, in two channels.
    #expect(y[0, 0].floats == [8, 12, 12, 18])
    #expect(y[0, 5].floats == [13, 17, 17, 23])
  }

  @Test func layerNorm() {
    let layer = LayerNorm(4)
    let y = layer(Tensor([[1, 2, 3, 4], [-2, 0, 0, 2]] as [[Float]]))
    #expect(
      isClose(y.floats, [-1.3416355, -0.4472118, 0.4472118, 1.3416355, -1.4142100, 0, 0, 1.4142100]))
    layer.weight.value = .full([4], Float(2))
    layer.bias!.value = .ones([4])
    #expect(isClose(layer(Tensor([1, 2, 3, 4] as [Float])).floats, [-1.683271, 0.1055764, 1.8944236, 3.683271]))
    #expect(LayerNorm([2, 3])(.ones([5, 2, 3])).shape == [5, 2, 3])
  }

  @Test func embedding() {
    let layer = Embedding(4, 3)
    layer.weight.value = Tensor(shape: [4, 3], (0..<12).map(Float.init))
    let rows = layer(Tensor([[3, 0], [1, 1]]))
    #expect(rows.shape == [2, 2, 3])
    #expect(rows.floats == [9, 10, 11, 0, 1, 2, 3, 4, 5, 3, 4, 5])
    let gradient = rows.sum().gradients(with: [layer.weight()])[0]
    #expect(gradient.sum(axis: 1).floats == [3, 6, 0, 3])
  }

  @Test func dropout() {
    let layer = Dropout(0.25, using: RandomGenerator(seed: 1))
    let x = Tensor.ones([4_000])
    let y = layer(x).floats
    let zeros = y.count { $0 == 0 }
    #expect(abs(Double(zeros) - 1_000) < 120)
    #expect(y.allSatisfy { $0 == 0 || isClose([$0], [4.0 / 3]) })
    #expect(layer(x).floats != y)
    layer.isTraining = false
    #expect(layer(x).floats == x.floats)
  }

  @Test func sequentialAndFunctions() {
    let model = Sequential(
      Function.maxPool2d(2), Function.flatten,
      Linear(weight: Tensor([[1, -1], [-1, 1]] as [[Float]])), Function.relu, Function { $0 + 1 })
    let images = Tensor(shape: [1, 2, 2, 2], [1, 2, 3, 4, 8, 7, 6, 5] as [Float])
    #expect(model(images).floats == [1, 5])
    let x = Tensor([-1, 0, 2] as [Float])
    #expect(Function.tanh(x).floats == x.tanh().floats)
    #expect(Function.sigmoid(x).floats == x.sigmoid().floats)
    #expect(Function.gelu(x).floats == x.gelu().floats)
    #expect(Function.silu(x).floats == x.silu().floats)
    #expect(Sequential()(x).floats == x.floats)
  }

  @Test func misuseStops() async {
    await #expect(processExitsWith: .failure) { _ = Linear(0, 3) }
    await #expect(processExitsWith: .failure) { _ = Linear(weight: .ones([2, 3]), bias: .ones([3])) }
    await #expect(processExitsWith: .failure) { _ = Linear(2, 3)(.ones([3])) }
    await #expect(processExitsWith: .failure) { _ = Conv2d(3, 4, size: 3, groups: 2) }
    await #expect(processExitsWith: .failure) { _ = LayerNorm(4)(.ones([3])) }
    await #expect(processExitsWith: .failure) { _ = Dropout(1.5) }
  }
}
