import Swiftlet
import Testing

/// What modules compute in training and out of it.
@Suite struct TrainingModeTests {
  private struct Block: Module {
    let dropout = Dropout(0.5)
    let inner: Sequential
    let named: [String: Dropout]
    let maybe: Dropout?
  }

  private final class Noise: Layer, TrainingDependent {
    var isTraining = true
    func callAsFunction(_ x: Tensor) -> Tensor { isTraining ? x + 1 : x }
  }

  private let shared = Dropout(0.5)
  private let noise = Noise()
  private var model: Block {
    Block(inner: Sequential(shared, Function.relu, noise), named: ["a": Dropout()], maybe: shared)
  }

  private func modes(_ model: Block) -> [Bool] {
    [model.dropout.isTraining, shared.isTraining, noise.isTraining, model.named["a"]!.isTraining]
  }

  @Test func trainingBeginsAndEndsEverywhere() {
    let model = model
    #expect(modes(model) == [true, true, true, true])
    model.evaluate()
    #expect(modes(model) == [false, false, false, false])
    model.train()
    #expect(modes(model) == [true, true, true, true])
  }

  @Test func evaluatingPutsEachModuleBack() {
    let model = model
    noise.isTraining = false
    let seen = model.evaluating { modes(model) }
    #expect(seen == [false, false, false, false])
    #expect(modes(model) == [true, true, false, true])
    struct Failure: Error {}
    #expect(throws: Failure.self) { try model.evaluating { throw Failure() } }
    #expect(modes(model) == [true, true, false, true])
    model.evaluating {
      model.train()
      model.evaluating { #expect(modes(model) == [false, false, false, false]) }
      #expect(modes(model) == [true, true, true, true])
    }
    #expect(modes(model) == [true, true, false, true])
  }

  @Test func evaluatingMaySuspend() async {
    let model = model
    let seen = await model.evaluating {
      await Task.yield()
      return modes(model)
    }
    #expect(seen == [false, false, false, false])
    #expect(modes(model) == [true, true, true, true])
  }

  @Test func dropoutPassesEverythingOutOfTraining() {
    let x = Tensor.ones([1000])
    let layer = Sequential(Dropout(0.5, using: RandomGenerator(seed: 3)))
    #expect(layer.evaluating { layer(x).floats }.allSatisfy { $0 == 1 })
    let dropped = layer(x).floats
    #expect(dropped.contains(0) && dropped.contains(2))
  }

  /// A layer inside a checkpoint: its mask is the same in both computations, and its parameters learn.
  @Test func checkpointsTrainParameters() {
    func step(_ isCheckpoint: Bool) -> [[Float]] {
      let generator = RandomGenerator(seed: 1)
      let layers = Sequential(
        Linear(8, 16, using: generator), Function.gelu, Dropout(0.3, using: generator), Linear(16, 8, using: generator))
      let x = Tensor.normal([5, 8], using: generator)
      let y = isCheckpoint ? Tensor.checkpoint(x) { layers($0) } : layers(x)
      let loss = (y * y).sum()
      let results = [loss] + loss.gradients(with: layers.parameters.map { $0() })
      Tensor.realize(results)
      return results.map(\.floats)
    }
    let (plain, again) = (step(false), step(true))
    #expect(plain.count == 5)
    for (plain, again) in zip(plain.joined(), again.joined()) {
      #expect(abs(plain - again) <= 1e-5 * Swift.max(1, abs(plain)))
    }
  }
}
