import Swiftlet

extension Workload {
  /// Steps of training, captured, and an optimizer's step alone.
  static let steps: [Workload] = [adamW, mlpStep, lenetStep]

  /// The shapes of GPT-2's 124 M parameters.
  private static let gpt2Shapes: [Shape] = {
    let width = 768
    let norm: [Shape] = [[width], [width]]
    let block: [Shape] =
      norm + [[width, 3 * width], [3 * width], [width, width], [width]] + norm
      + [[width, 4 * width], [4 * width], [4 * width, width], [width]]
    return [[50_257, width], [1024, width]] + (0..<12).flatMap { _ in block } + norm
  }()

  private static let parameterCount = gpt2Shapes.reduce(0) { $0 + $1.elementCount }

  private static let adamW = Workload(
    name: "adamw", summary: "AdamW over the \(gpt2Shapes.count) parameters of a 124 M GPT-2",
    bytes: 7 * 4 * parameterCount
  ) {
    let parameters = gpt2Shapes.enumerated().map { Parameter(Input.uniform(2 * $0, $1)) }
    let gradients = gpt2Shapes.enumerated().map { Input.uniform(2 * $0 + 1, $1) }
    let optimizer = AdamW(parameters, learningRate: 1e-3)
    let step = compiled { (gradients: [Tensor]) -> Void in optimizer.step(gradients: gradients) }
    return {
      step(gradients)
      return [parameters[0].value, parameters[4].value]
    }
  }

  /// Returns a weight and a bias as PyTorch's are distributed, from two inputs of these numbers.
  private static func layer(_ number: Int, _ shape: Shape, fanIn: Int) -> (weight: Parameter, bias: Parameter) {
    let scale = 1 / Float(fanIn).squareRoot()
    return (
      Parameter(Input.uniform(number, shape, scale: scale)),
      Parameter(Input.uniform(number + 1, [shape[0]], scale: scale))
    )
  }

  private static let mlpStep = Workload(
    name: "mlp_step", summary: "Adam step of an MLP 784-128-10, batch 64", flops: 6 * 64 * (784 * 128 + 128 * 10),
    checkedRuns: 3
  ) {
    let (x, y) = (Input.uniform(0, [64, 784]), Input.integers(1, below: 10, [64]))
    let layers = [layer(2, [128, 784], fanIn: 784), layer(4, [10, 128], fanIn: 128)]
    let optimizer = Adam(layers.flatMap { [$0.weight, $0.bias] }, learningRate: 1e-3)
    let step = compiled { (x: Tensor, y: Tensor) -> Tensor in
      let hidden = x.linear(layers[0].weight(), bias: layers[0].bias()).relu()
      return optimizer.step(hidden.linear(layers[1].weight(), bias: layers[1].bias()).crossEntropy(y))
    }
    return { [step(x, y)] }
  }

  private static let lenetStep = Workload(
    name: "lenet_step", summary: "Adam step of LeNet-5 (ReLU, maximum), batch 64",
    flops: 6 * 64 * (28 * 28 * 6 * 25 + 10 * 10 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10), checkedRuns: 3
  ) {
    let (x, y) = (Input.uniform(0, [64, 1, 28, 28]), Input.integers(1, below: 10, [64]))
    let layers = [
      layer(2, [6, 1, 5, 5], fanIn: 25), layer(4, [16, 6, 5, 5], fanIn: 150), layer(6, [120, 400], fanIn: 400),
      layer(8, [84, 120], fanIn: 120), layer(10, [10, 84], fanIn: 84),
    ]
    let optimizer = Adam(layers.flatMap { [$0.weight, $0.bias] }, learningRate: 1e-3)
    let step = compiled { (x: Tensor, y: Tensor) -> Tensor in
      var h = x
      for (number, layer) in layers.prefix(2).enumerated() {
        h = h.conv2d(layer.weight(), bias: layer.bias(), padding: number == 0 ? 2 : 0).relu().maxPool2d(2)
      }
      h = h.flatten(from: 1)
      for (number, layer) in layers.dropFirst(2).enumerated() {
        h = h.linear(layer.weight(), bias: layer.bias())
        if number < 2 { h = h.relu() }
      }
      return optimizer.step(h.crossEntropy(y))
    }
    return { [step(x, y)] }
  }
}
