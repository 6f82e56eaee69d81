import Swiftlet
import Testing

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
