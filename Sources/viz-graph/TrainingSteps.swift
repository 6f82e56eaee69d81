import Swiftlet

// The graphs of training steps, spelled out as tensors so that the picture is easy to compare with its source.

/// A perceptron on a batch of 64 images; Adam as in Kingma and Ba 2015.
func mlpTrainingStep() -> [Tensor] {
  let (images, labels) = (input(64, 784), classes(64))
  let parameters = [input(128, 784), input(128), input(10, 128), input(10)]

  let hidden = images.linear(parameters[0], bias: parameters[1]).relu()
  let loss = hidden.linear(parameters[2], bias: parameters[3]).crossEntropy(labels)
  let gradients = loss.gradients(with: parameters)

  // What changes from step to step is an argument: every step has the same structure.
  let (rate, mean, square) = (0.001, 0.9, 0.999)
  let meanCorrection = Tensor.argument(1 - mean)
  let squareCorrection = Tensor.argument(1 - square)
  var results = [loss]
  for (parameter, gradient) in zip(parameters, gradients) {
    let (m, v) = (state(like: parameter), state(like: parameter))
    let newM = m * mean + gradient * (1 - mean)
    let newV = v * square + gradient.square() * (1 - square)
    let step = (newM / meanCorrection) / ((newV / squareCorrection).sqrt() + 1e-8)
    results += [parameter - step * rate, newM, newV]
  }
  return results
}

/// A convolution net on a batch of 32 images of 16 x 16; plain gradient descent.
func convnetTrainingStep() -> [Tensor] {
  let (images, labels) = (input(32, 1, 16, 16), classes(32))
  let parameters = [input(8, 1, 3, 3), input(8), input(16, 8, 3, 3), input(16), input(10, 256), input(10)]

  let first = images.conv2d(parameters[0], bias: parameters[1], padding: 1).relu().maxPool2d(2)
  let second = first.conv2d(parameters[2], bias: parameters[3], padding: 1).relu().maxPool2d(2)
  let logits = second.flatten(from: 1).linear(parameters[4], bias: parameters[5])
  let loss = logits.crossEntropy(labels)

  let rate = Tensor.argument(0.1)
  return [loss] + zip(parameters, loss.gradients(with: parameters)).map { $0 - $1 * rate }
}

/// Returns a tensor in memory of another's shape, as an optimizer keeps.
private func state(like parameter: Tensor) -> Tensor {
  Tensor(shape: parameter.shape, [Float](repeating: 0, count: parameter.elementCount))
}
