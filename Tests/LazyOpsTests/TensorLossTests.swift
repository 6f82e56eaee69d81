import LazyOps
import Testing

/// What is expected is what PyTorch gives.
@Suite struct TensorLossTests {
  let logits = Tensor([[1, 2, 0.5], [0.1, -1, 3]])
  let classes = Tensor([2, 0])

  @Test func crossEntropyOfClasses() throws {
    try expect(logits.crossEntropy(classes), [2.467572], [])
    try expect(logits.crossEntropy(classes, reduction: .none), [1.964369, 2.970774], [2])
    try expect(logits.crossEntropy(classes, reduction: .sum), [4.935143], [])
    try expect(logits.crossEntropy(classes, labelSmoothing: 0.1), [2.404238])
    try expect(logits.crossEntropy(classes, ignoring: 0), [1.964369])
    try expect(logits[0].crossEntropy(Tensor(2)), [1.964369], [])
    try expect((logits * 1000).crossEntropy(classes, reduction: .none), [1500, 2900])
    try expect(logits.crossEntropy(Tensor([2, 3]), reduction: .none), [1.964369, .nan], comment: "3 is no class")
  }

  @Test func crossEntropyOfPlaces() throws {
    let logits = Tensor.arange(12).cast(to: .float32).reshape(2, 3, 2).sin()
    let losses = logits.crossEntropy(Tensor([[0, 2], [1, 1]]), reduction: .none)
    try expect(losses, [1.374156, 2.308203, 0.4034507, 0.9246882], [2, 2])
  }

  @Test func crossEntropyOfProbabilities() throws {
    let probabilities = Tensor([[0.2, 0.3, 0.5], [0.7, 0.1, 0.2]])
    try expect(logits.crossEntropy(probabilities), [1.957572])
    try expect(logits.crossEntropy(probabilities, labelSmoothing: 0.2), [1.932905])
  }

  @Test func gradientOfCrossEntropyIsTheDifferenceOfProbabilities() throws {
    let gradient = logits.crossEntropy(classes, reduction: .sum).gradients(with: [logits])[0]
    let wanted = try hostNumbers(logits.softmax(axis: 1) - classes.oneHot(3))
    try expect(gradient, wanted, [2, 3])
  }

  @Test func otherLosses() throws {
    try expect(logits.negativeLogLikelihood(classes), [-0.3])
    let (a, b) = (Tensor([0.0, 1, 3]), Tensor([0.5, -1, 3]))
    try expect(a.meanSquaredError(b), [1.416667])
    try expect(a.meanAbsoluteError(b), [0.8333333])
    try expect(a.meanAbsoluteError(b, reduction: .sum), [2.5])
    try expect(a.huberLoss(b), [0.5416667])
    let losses = Tensor([0.0, 100, -100, 2]).binaryCrossEntropyWithLogits(Tensor([1, 1, 1, 0.25]), reduction: .none)
    try expect(losses, [0.6931472, 0, 100, 1.626928])
  }

  @Test func norms() throws {
    let z = Tensor.arange(6).square().reshape(2, 3).cast(to: .float32)
    let normal = [-0.980579, -0.3922316, 1.372811, -1.170669, -0.1017972, 1.272467]
    try expect(z.layerNorm(), normal)
    try expect(z.layerNorm(weight: Tensor([2.0, 2, 2]), bias: Tensor([1.0, 1, 1])), normal.map { $0 * 2 + 1 })
    try expect(z.rmsNorm(), [0, 0.420084, 1.680336, 0.5025921, 0.893497, 1.396089])
    let x = Tensor.arange(16).cast(to: .float32).reshape(2, 2, 2, 2)
    let (mean, variance) = x.channelStatistics()
    try expect(mean, [5.5, 9.5], [2])
    try expect(variance, [17.25, 17.25], [2])
    let result = x.batchNorm(
      mean: mean, variance: variance, weight: Tensor([1.0, 2]), bias: Tensor([0.0, 1]), epsilon: 0)
    try expect(result[0, 0, 0, 0], [-5.5 / 17.25.squareRoot()])
    try expect(result[1, 1, 1, 1], [5.5 / 17.25.squareRoot() * 2 + 1])
    let channels = Tensor([-3.0, -2, 2, 3, -1, 0, -3, -2, -1, 0, 4, -2, 1, 2, -1, 0]).reshape(1, 4, 2, 2)
    let grouped = channels.groupNorm(groups: 2, weight: Tensor([1.0, 2, 3, 4]), bias: Tensor([0.0, 1, 0, 1]))
    let plain = channels.reshape(2, 8).layerNorm().reshape(4, 4)
    try expect(grouped[0, 3].flatten(), hostNumbers(plain[3] * 4 + 1))
    #expect(grouped.shape == [1, 4, 2, 2])
  }
}
