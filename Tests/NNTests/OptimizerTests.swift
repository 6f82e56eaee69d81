import Swiftlet
import Testing

@Suite struct OptimizerTests {
  /// The layer whose training the fixtures tell of.
  struct Problem: Module {
    let weight = Parameter(Tensor(OptimizerFixture.weight))
    let bias = Parameter(Tensor(OptimizerFixture.bias))

    var loss: Tensor {
      (Tensor(OptimizerFixture.x).matmul(weight()) + bias()).tanh().meanSquaredError(Tensor(OptimizerFixture.y))
    }

    var values: [Float] { weight().floats + bias().floats }
  }

  @Test("steps are PyTorch's", arguments: OptimizerFixture.all)
  func steps(fixture: OptimizerFixture) {
    let problem = Problem()
    let optimizer = fixture.optimizer(problem.parameters)
    for step in 0..<fixture.values.count {
      if step == 3 { optimizer.learningRate /= 2 }
      let loss = optimizer.step(problem.loss)
      #expect(loss.isRealized)
      #expect(isClose([Float(loss.item)], [fixture.losses[step]]))
      #expect(isClose(problem.values, fixture.values[step]), "step \(step)")
    }
    #expect(optimizer.stepCount == fixture.values.count)
  }

  @Test func laterStepsNeedNoNewPlan() async {
    await #expect(processExitsWith: .success) {
      let problem = Problem()
      let optimizer = AdamW(problem.parameters, learningRate: 0.1)
      optimizer.step(problem.loss)
      let plans = Realizer.planCount
      for step in 1...3 {
        optimizer.learningRate = 0.1 / Double(step)
        optimizer.step(problem.loss)
      }
      precondition(Realizer.planCount == plans)
    }
  }

  @Test func lossHoldsNoHistory() {
    let problem = Problem()
    let optimizer = SGD(problem.parameters, learningRate: 0.1)
    let loss = optimizer.step(problem.loss)
    #expect(!loss.tracksGradient)
    #expect(loss.node.sources.isEmpty)
    #expect(problem.weight().node.sources.isEmpty)
    #expect(problem.weight().tracksGradient)
  }

  @Test func computesOthersInTheSameStep() {
    let problem = Problem()
    let before = Problem().loss.item
    let loss = problem.loss
    let double = loss * 2
    SGD(problem.parameters, learningRate: 0.1).step(loss, computing: [double])
    #expect(double.isRealized && loss.isRealized)
    #expect(abs(double.item - 2 * before) < 1e-6)
  }

  @Test func lossMayBeRealizedBefore() {
    let (first, second) = (Problem(), Problem())
    let loss = second.loss.realize()
    SGD(first.parameters, learningRate: 0.1).step(first.loss)
    SGD(second.parameters, learningRate: 0.1).step(loss)
    #expect(isClose(first.values, second.values))
  }

  @Test func tiedParametersAreOptimizedOnce() {
    let weight = Parameter(Tensor([1, 2] as [Float]))
    let optimizer = SGD([weight, weight], learningRate: 1)
    #expect(optimizer.parameters.count == 1)
    // The gradient sums over both uses: 2 + 3.
    optimizer.step((weight() * 2 + weight() * 3).sum())
    #expect(weight().floats == [-4, -3])
  }

  @Test func parametersWithoutGradientStay() {
    let (used, unused) = (Parameter(Tensor([1] as [Float])), Parameter(Tensor([7, 8] as [Float])))
    Adam([used, unused], learningRate: 0.5).step(used().sum())
    #expect(isClose(used().floats, [0.5]))
    #expect(unused().floats == [7, 8])
  }

  @Test func keepsTheParametersDType() {
    let weight = Parameter(Tensor([1, 2] as [Double], dtype: .float64))
    AdamW([weight], learningRate: 0.1).step(weight().square().sum())
    #expect(weight().dtype == .float64)
    #expect(isClose(weight().floats, [0.899, 1.898]))
  }

  @Test func rulesOfOnesOwn() {
    final class SignDescent: Optimizer {
      override func update(_ value: Tensor, _ gradient: Tensor, state: inout [Tensor], scalars: [Tensor]) -> Tensor {
        state[0] = state[0] + gradient.sign()
        return value - state[0] * scalars[0]
      }
    }
    let weight = Parameter(Tensor([1, -1] as [Float]))
    let optimizer = SignDescent([weight], learningRate: 0.125, stateCount: 1)
    for _ in 0..<2 { optimizer.step(weight().square().sum()) }
    #expect(weight().floats == [0.625, -0.625])
  }

  @Test func stateIsWrittenOverTheOldOne() {
    final class Watching: Optimizer {
      var places: [Set<UnsafeRawPointer?>] = [[], []]
      override func update(_ value: Tensor, _ gradient: Tensor, state: inout [Tensor], scalars: [Tensor]) -> Tensor {
        for number in 0..<2 { places[number].insert(state[number].withUnsafeBytes { $0.baseAddress }) }
        state[0] = state[0] + (gradient - state[0]) * 0.1
        state[1] = state[1] * 0.99 + gradient * gradient * 0.01
        return value - scalars[0] * state[0] / (state[1].sqrt() + 1e-8)
      }
    }
    let weight = Parameter(Tensor((0..<300).map { Float($0) / 100 }))
    let optimizer = Watching([weight], learningRate: 0.01, stateCount: 2)
    for _ in 0..<5 { optimizer.step(weight().square().sum()) }
    #expect(optimizer.places.map(\.count) == [1, 1])
  }

  @Test func whoHoldsAParametersValueKeepsIt() {
    let weight = Parameter(Tensor([1, 2] as [Float]))
    let before = weight()
    let optimizer = Adam([weight], learningRate: 0.5)
    let loss = before.square().sum()
    for _ in 0..<3 { optimizer.step(weight().square().sum()) }
    #expect(before.floats == [1, 2])
    #expect(loss.item == 5)
    #expect(loss.gradients(with: [before])[0].floats == [2, 4])
  }

  @Test func misuseStops() async {
    await #expect(processExitsWith: .failure) { _ = SGD([], learningRate: 1, nesterov: true) }
    await #expect(processExitsWith: .failure) { _ = Adam([], betas: (1, 0.5)) }
    await #expect(processExitsWith: .failure) {
      let weight = Parameter(Tensor.ones([2]))
      SGD([weight], learningRate: 1).step(weight())
    }
    await #expect(processExitsWith: .failure) {
      SGD([Parameter(.ones([2]))], learningRate: 1).step(gradients: [])
    }
  }
}

extension OptimizerFixture {
  func optimizer(_ parameters: [Parameter]) -> Optimizer {
    switch kind {
    case .sgd:
      SGD(parameters, learningRate: learningRate, momentum: momentum, weightDecay: weightDecay, nesterov: nesterov)
    case .adam:
      Adam(parameters, learningRate: learningRate, betas: betas, epsilon: epsilon, weightDecay: weightDecay)
    case .adamW:
      AdamW(parameters, learningRate: learningRate, betas: betas, epsilon: epsilon, weightDecay: weightDecay)
    }
  }
}

/// Whether numbers differ by no more than rounding explains.
func isClose(_ a: [Float], _ b: [Float], tolerance: Float = 2e-6) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= tolerance * max(1, abs($1)) }
}
