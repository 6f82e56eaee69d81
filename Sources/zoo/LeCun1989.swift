import Foundation
import Swiftlet

/// The first convolution network trained by backpropagation on real images.
///
/// It reproduces Y. LeCun et al., "Backpropagation Applied to Handwritten Zip Code Recognition", Neural Computation 1(4),
/// 1989: the network of figure 3 and the final numbers of its results section, after 23 passes over the training set.
/// The paper's digits, 7,291 and 2,007 from the US mail, are not public in that form; here are 4,000 and 1,000 of MNIST.
/// The paper set a learning rate for each weight from second derivatives; here one rate falls evenly.
enum LeCun1989 {
  static let exhibit = Exhibit(
    name: "lecun1989", summary: "handwritten digits read by a convolution network (LeCun et al., 1989)",
    details: """
      23 passes over 4,000 digits of 16 x 16 pixels, one at a time, as the paper did; the paper's numbers stand below.
      --quick is one pass over 3,000 digits.
      """,
    run: run)

  /// How often the paper went through its training set.
  static let paperPasses = 23

  /// The network of figure 3.
  struct Network: Module {
    // H1: 12 maps of 8 x 8 units, each unit looking at 5 x 5 pixels. Units of a map share weights, but not the bias.
    let w1, b1: Parameter
    // H2: 12 maps of 4 x 4 units, each looking at 5 x 5 units of 8 maps of H1.
    let w2, b2: Parameter
    // H3: 30 units that look at all of H2. Output: 10 units that look at all of H3.
    let w3, b3: Parameter
    let w4, b4: Parameter

    init(using generator: RandomGenerator) {
      // Uniform within ±2.4 / fan in, where the squashing function is neither flat nor straight.
      func weights(_ shape: Shape) -> Parameter {
        let bound = 2.4 / Double(shape.elementCount / shape[0])
        return Parameter(.uniform(shape, low: -bound, high: bound, using: generator))
      }
      (w1, b1) = (weights([12, 1, 5, 5]), Parameter(.zeros([12, 8, 8])))
      (w2, b2) = (weights([12, 8, 5, 5]), Parameter(.zeros([12, 4, 4])))
      (w3, b3) = (weights([30, 12 * 4 * 4]), Parameter(.zeros([30])))
      (w4, b4) = (weights([10, 30]), Parameter(.zeros([10])))
    }

    /// Returns an output near 1 for the digit that is seen and near -1 for others. x: [n, 1, 16, 16] -> [n, 10]
    func callAsFunction(_ x: Tensor) -> Tensor {
      let h1 = squash(bordered(x).conv2d(w1(), stride: 2) + b1())
      let h2 = squash(bordered(eightMapsEach(h1)).conv2d(w2(), stride: 2, groups: 3) + b2())
      let h3 = squash(h2.flatten(from: 1).linear(w3(), bias: b3()))
      return squash(h3.linear(w4(), bias: b4()))
    }

    /// The paper's scaled hyperbolic tangent, which is 1 at 1 and -1 at -1.
    private func squash(_ x: Tensor) -> Tensor { 1.7159 * (x * (2.0 / 3)).tanh() }

    /// Puts two rows and columns of -1, the paper's background, around images.
    private func bordered(_ x: Tensor) -> Tensor { x.pad([(0, 0), (0, 0), (2, 2), (2, 2)], value: -1) }

    /// Returns the 8 maps that each third of H2's maps looks at: the first third maps 0 to 7, the second 4 to 11, the
    /// last 8 to 11 and 0 to 3. The paper does not say which eight it chose. [n, 12, 8, 8] -> [n, 24, 8, 8]
    private func eightMapsEach(_ h1: Tensor) -> Tensor {
      .concatenate([h1[0..., 0..<8], h1[0..., 4..<12], h1[0..., 8..<12], h1[0..., 0..<4]], axis: 1)
    }
  }

  /// Digits as tensors; a target is 1 at the digit and -1 elsewhere.
  struct Samples {
    let images, targets, labels: Tensor

    init(_ digits: Digits, _ indices: Range<Int>) {
      images = Tensor(shape: [indices.count, 1, Digits.size, Digits.size], indices.flatMap(digits.image))
      labels = Tensor(Array(digits.labels[indices]))
      targets = Tensor(digits.labels[indices].map { digit in (0..<10).map { $0 == digit ? 1 : -1 as Float } })
    }

    /// Returns the mean squared error and the fraction of digits that are read wrongly.
    func test(_ network: Network) -> (loss: Double, error: Double) {
      let outputs = network(images)
      let loss = outputs.meanSquaredError(targets)
      let mistakes = (outputs.argmax(axis: 1) .!= labels).sum()
      Tensor.realize(loss, mistakes)
      return (loss.item, mistakes.item / Double(labels.elementCount))
    }
  }

  static func run(_ options: Options) throws -> Metrics {
    let digits = (training: try Digits.training().prefix(options.quick ? 3_000 : 4_000), test: try Digits.test())
    let passes = options.quick ? 1 : paperPasses
    let rates = (first: 0.05, last: 0.01)

    let generator = RandomGenerator(seed: options.seed)
    let network = Network(using: generator)
    let optimizer = SGD(network.parameters, learningRate: rates.first)
    let step = compiled { (image: Tensor, target: Tensor) -> Tensor in
      optimizer.step(network(image).meanSquaredError(target))
    }
    let samples = (0..<digits.training.count).map { Samples(digits.training, $0..<$0 + 1) }
    let all = (training: Samples(digits.training, 0..<samples.count), test: Samples(digits.test, 0..<digits.test.count))
    report("\(network.parameterCount) parameters; \(samples.count) digits to train on and \(digits.test.count) to test")
    report("\n           training              test\npass    MSE       error      MSE       error")

    // The rate falls over the whole of the paper's training, of which --quick is the beginning.
    let fall = (rates.last - rates.first) / Double(paperPasses * samples.count)
    var progress = Progress(total: passes * samples.count)
    var results = (training: (loss: 0.0, error: 1.0), test: (loss: 0.0, error: 1.0))
    for pass in 1...passes {
      for index in Tensor.permutation(samples.count, using: generator).ints {
        optimizer.learningRate = rates.first + fall * Double(optimizer.stepCount)
        step(samples[index].images, samples[index].targets)
        progress.advance("pass \(pass) of \(passes)")
      }
      results = (all.training.test(network), all.test.test(network))
      progress.clear()
      report(row("\(pass)", results.training, results.test))
    }
    report(row("paper", (2.5e-3, 0.0014), (1.8e-2, 0.05)) + "   after 23 passes over other digits")
    return [
      "passes": .integer(passes), "train_mse": .number(results.training.loss),
      "train_error": .number(results.training.error), "test_mse": .number(results.test.loss),
      "test_error": .number(results.test.error),
    ]
  }

  private static func row(
    _ title: String, _ training: (loss: Double, error: Double), _ test: (loss: Double, error: Double)
  ) -> String {
    title.padding(toLength: 6, withPad: " ", startingAt: 0)
      + String(
        format: "%.2e  %6.2f%%   %.2e  %6.2f%%", training.loss, training.error * 100, test.loss, test.error * 100)
  }
}
