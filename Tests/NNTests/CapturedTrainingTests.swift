import Swiftlet
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A captured training step does what the same step does uncaptured, bit for bit.
@Suite struct CapturedTrainingTests {
  /// Two layers with dropout between them.
  struct Network: Module {
    let hidden, output: Linear
    let dropout: Dropout

    init(_ generator: RandomGenerator, dropout probability: Double = 0.5) {
      hidden = Linear(4, 8, using: generator)
      output = Linear(8, 3, using: generator)
      dropout = Dropout(probability, using: generator)
    }

    func callAsFunction(_ x: Tensor) -> Tensor { output(dropout(hidden(x).tanh())) }

    var values: [[Float]] { parameters.map { $0().floats } }
  }

  /// Which optimizer trains.
  enum Kind: CaseIterable {
    case plain, momentum, adam, adamW

    func optimizer(_ parameters: [Parameter]) -> Optimizer {
      switch self {
      case .plain: SGD(parameters, learningRate: 0.1)
      case .momentum: SGD(parameters, learningRate: 0.1, momentum: 0.9, nesterov: true)
      case .adam: Adam(parameters, learningRate: 0.05)
      case .adamW: AdamW(parameters, learningRate: 0.05)
      }
    }
  }

  static let x = Tensor(shape: [5, 4], (0..<20).map { Float($0 % 7) / 7 - 0.5 })
  static let y = Tensor([0, 1, 2, 1, 0])

  /// Trains for `count` steps, whose rate changes, and returns all losses and the parameters at the end.
  func train(_ kind: Kind, count: Int, captured: Bool) -> (losses: [Double], values: [[Float]], steps: Int) {
    let generator = RandomGenerator(seed: 7)
    let network = Network(generator)
    let optimizer = kind.optimizer(network.parameters)
    let body = { (x: Tensor, y: Tensor) -> Tensor in optimizer.step(network(x).crossEntropy(y)) }
    let step = compiled(body)
    var losses: [Double] = []
    for number in 0..<count {
      optimizer.learningRate = 0.1 / Double(1 + number % 4)
      let x = CapturedTrainingTests.x + Double(number)
      losses.append((captured ? step(x, CapturedTrainingTests.y) : body(x, CapturedTrainingTests.y)).item)
    }
    return (losses, network.values, optimizer.stepCount)
  }

  @Test("ten steps are the same bits", arguments: Kind.allCases)
  func steps(kind: Kind) {
    let plain = train(kind, count: 10, captured: false)
    let captured = train(kind, count: 10, captured: true)
    #expect(plain.losses == captured.losses)
    #expect(plain.values == captured.values)
    #expect(plain.steps == captured.steps && captured.steps == 10)
  }
}

extension CapturedTrainingTests {
  @Test func resultsDoNotDependOnTheNumberOfThreads() async {
    var results: Set<String> = []
    for count: Int in [1, 2, 4] {
      let result = await #expect(processExitsWith: .success, observing: [\.standardOutputContent]) {
        [count = count as Int] in
        setenv("THREADS", "\(count)", 1)
        let trained = CapturedTrainingTests().train(.adam, count: 10, captured: true)
        print("trained: \(trained.losses) \(trained.values)")
      }
      let text = String(decoding: result?.standardOutputContent ?? [], as: UTF8.self)
      results.insert(text.split(separator: "\n").first { $0.contains("trained: ") }.map(String.init) ?? "none")
    }
    #expect(results.count == 1 && results != ["none"])
  }

  @Test func capturedStepsRunNoBody() async {
    // In a process of its own: a module of another test that goes out of training has every captured function record
    // once more.
    await #expect(processExitsWith: .success) {
      let network = Network(RandomGenerator(seed: 1))
      let optimizer = Adam(network.parameters)
      var runs = 0
      let step = compiled { (x: Tensor, y: Tensor) -> Tensor in
        runs += 1
        return optimizer.step(network(x).crossEntropy(y))
      }
      for _ in 0..<5 { step(CapturedTrainingTests.x, CapturedTrainingTests.y) }
      #expect(runs == 2 && optimizer.stepCount == 5)
    }
  }

  @Test func aParameterHandedOutKeepsItsValue() {
    let weight = Parameter(.ones([2]))
    let optimizer = SGD([weight], learningRate: 1)
    let step = compiled { (x: Tensor) -> Tensor in optimizer.step((weight() * x).sum()) }
    var seen: [Tensor] = []
    for _ in 0..<5 {
      seen.append(weight())
      step(Tensor([1.0, 2.0]))
    }
    let expected: [[Float]] = [[1, 1], [0, -1], [-1, -3], [-2, -5], [-3, -7]]
    #expect(seen.map(\.floats) == expected)
    #expect(weight().tracksGradient)
    // Assigned outside, it is read anew.
    weight.value = Tensor([0.0, 0.0])
    #expect(step(Tensor([1.0, 2.0])).item == 0)
    #expect(weight().floats == [-1, -2])
  }

  @Test func trainingAndEvaluationTakeTurns() {
    let (plain, captured) = (Network(RandomGenerator(seed: 2)), Network(RandomGenerator(seed: 2)))
    let optimizers = [SGD(plain.parameters, learningRate: 0.1), SGD(captured.parameters, learningRate: 0.1)]
    let body = { (network: Network, optimizer: Optimizer) in
      optimizer.step(network(CapturedTrainingTests.x).crossEntropy(CapturedTrainingTests.y))
    }
    let step = compiled { () -> Tensor in body(captured, optimizers[1]) }
    let predict = compiled { (x: Tensor) -> Tensor in captured(x) }
    for _ in 0..<4 {
      for _ in 0..<3 { #expect(step().item == body(plain, optimizers[0]).item) }
      for network in [plain, captured] { network.evaluate() }
      for _ in 0..<3 { #expect(predict(CapturedTrainingTests.x).floats == plain(CapturedTrainingTests.x).floats) }
      for network in [plain, captured] { network.train() }
    }
    #expect(plain.values == captured.values)
  }

  @Test func theBodyMayEvaluateForAWhile() async {
    // In a process of its own, as above.
    await #expect(processExitsWith: .success) {
      let network = Network(RandomGenerator(seed: 2))
      var runs = 0
      let predict = compiled { (x: Tensor) -> Tensor in
        runs += 1
        return network.evaluating { network(x) }
      }
      let expected = network.evaluating { network(CapturedTrainingTests.x) }.floats
      for _ in 0..<5 { #expect(predict(CapturedTrainingTests.x).floats == expected) }
      #expect(runs == 2)
    }
  }

  @Test func aStepCapturedInTrainingIsRefusedInEvaluation() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let network = Network(RandomGenerator(seed: 2))
      let predict = compiled { (x: Tensor) -> Tensor in network(x) }
      for _ in 0..<3 { predict(CapturedTrainingTests.x) }
      network.dropout.isTraining = false
      predict(CapturedTrainingTests.x)
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(text.contains("[compiled] a call did not do what the one before did"), "\(text.prefix(800))")
  }

  @Test func twoOptimizersInOneStep() {
    func train(captured: Bool) -> [[Float]] {
      let network = Network(RandomGenerator(seed: 4))
      let first = Adam(network.hidden.parameters, learningRate: 0.1)
      let second = SGD(network.output.parameters, learningRate: 0.1, momentum: 0.5)
      let body = { (x: Tensor, y: Tensor) -> (Tensor, Tensor) in
        let losses = (0..<2).map { _ in first.step(network(x).crossEntropy(y)) }
        return (losses[1], second.step(network(x).crossEntropy(y)))
      }
      let step = compiled(body)
      for _ in 0..<6 {
        if captured {
          _ = step(CapturedTrainingTests.x, CapturedTrainingTests.y)
        } else {
          _ = body(CapturedTrainingTests.x, CapturedTrainingTests.y)
        }
      }
      #expect(first.stepCount == 12 && second.stepCount == 6)
      return network.values
    }
    #expect(train(captured: true) == train(captured: false))
  }

  @Test func aStepThatFailsChangesNothing() throws {
    let table = Parameter(.ones([3, 2]))
    let optimizer = Adam([table], learningRate: 0.1)
    let step = compiled { (index: Tensor) -> Tensor in optimizer.step(table().take(index).square().sum()) }
    for _ in 0..<3 { step(Tensor([0, 1])) }
    let before = table().floats
    #expect(throws: IndexOutOfRange.self) { try step.tryCall(Tensor([0, 3])) }
    #expect(table().floats == before && optimizer.stepCount == 3)
    _ = try step.tryCall(Tensor([2, 2]))
    #expect(table().floats != before && optimizer.stepCount == 4)
  }
}
