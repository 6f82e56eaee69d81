import Swiftlet
import Testing

/// Small networks that learn something, from data to optimizer.
@Suite struct LearningTests {
  @Test func learnsExclusiveOr() {
    let generator = RandomGenerator(seed: 2)
    let model = Sequential(
      Linear(2, 8, using: generator), Function.tanh, Linear(8, 2, using: generator))
    let optimizer = Adam(model.parameters, learningRate: 0.1)
    let x = Tensor([[0, 0], [0, 1], [1, 0], [1, 1]] as [[Float]])
    let y = Tensor([0, 1, 1, 0])
    var losses: [Double] = []
    for _ in 0..<60 { losses.append(optimizer.step(model(x).crossEntropy(y)).item) }
    #expect(losses.last! < 0.05 && losses[0] > 0.5)
    #expect(model(x).argmax(axis: 1).ints == [0, 1, 1, 0])
  }
}
