import LazyOps
import LazyScheduler
import Testing

/// Budgets in kernels: what fusion promises.
@Suite struct KernelCountTests {
  private func kernels(_ tensors: Tensor...) -> Int { schedule(tensors).kernels.count }

  private func schedule(_ tensors: [Tensor]) -> Schedule {
    let schedule = Schedule(Graph.snapshot(of: tensors.map(\.node)).graph)
    schedule.verify()
    return schedule
  }

  /// A leaf with elements; what they are does not matter to the scheduler.
  private func leaf(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, [Float](repeating: 1, count: shape.elementCount))
  }

  @Test func chainOfTenElementwiseOps() {
    let x = leaf([64, 32])
    let chain = ((((x * 2 + 1).tanh() - 0.5).exp() + x).abs() * 0.25).sqrt() / 3
    #expect(kernels(chain) == 1)
  }

  @Test(arguments: [[64, 32], [4096, 1024], [2, 3, 700], [50257]]) func softmaxOverTheLastAxis(_ shape: [Int]) {
    #expect(kernels(leaf(Shape(shape)).softmax(axis: -1)) == 1)
  }

  @Test func softmaxOverTheFirstAxis() {
    #expect(kernels(leaf([64, 32]).softmax(axis: 0)) == 1)
  }

  @Test(arguments: [[64, 32], [4096, 768]]) func layerNormOverTheLastAxis(_ shape: [Int]) {
    let x = leaf(Shape(shape))
    let (weight, bias) = (leaf([shape[1]]), leaf([shape[1]]))
    #expect(kernels(x.layerNorm(axes: [1], weight: weight, bias: bias)) == 1)
  }

  @Test func rmsNorm() {
    #expect(kernels(leaf([64, 32]).rmsNorm(axes: [1], weight: leaf([32]))) == 1)
  }

  @Test(arguments: [[64, 128, 32], [512, 768, 3072]]) func matmulBiasGELU(_ sizes: [Int]) {
    let x = leaf([sizes[0], sizes[1]])
    let hidden = x.matmul(leaf([sizes[1], sizes[2]])) + leaf([sizes[2]])
    #expect(kernels(hidden.gelu()) == 1)
  }

  @Test func convolutionBiasActivation() {
    let y = leaf([2, 3, 16, 16]).conv2d(leaf([8, 3, 3, 3]), bias: leaf([8])).tanh()
    #expect(kernels(y) == 1)
  }

  @Test func momentumUpdateHasSeveralOutputs() {
    let (weight, gradient, velocity) = (leaf([64, 32]), leaf([64, 32]), leaf([64, 32]))
    let newVelocity = velocity * 0.9 + gradient
    #expect(kernels(weight - newVelocity * 0.1, newVelocity) == 1)
  }

  /// An MLP 784-128-10 with Adam at batch 64. tinygrad takes 30.
  @Test func trainingStepOfAnMLP() {
    let images = leaf([64, 784])
    let labels = Tensor([Int64](repeating: 3, count: 64))
    let parameters = [leaf([128, 784]), leaf([128]), leaf([10, 128]), leaf([10])]
    let hidden = images.linear(parameters[0], bias: parameters[1]).relu()
    let loss = hidden.linear(parameters[2], bias: parameters[3]).crossEntropy(labels)
    var outputs = [loss]
    let step = Tensor.argument(1.0)
    for (parameter, gradient) in zip(parameters, loss.gradients(with: parameters)) {
      let first = leaf(parameter.shape) * 0.9 + gradient * 0.1
      let second = leaf(parameter.shape) * 0.999 + gradient.square() * 0.001
      let a = 1 - (step * 0.105).exp()
      let b = 1 - (step * 0.001).exp()
      let root = (second / b).sqrt() + 1e-8
      outputs += [first, second, parameter - first / a / root * 0.001]
    }
    let schedule = schedule(outputs)
    #expect(schedule.kernels.count == 8, "\(schedule)")
  }

  /// A reduction of everything: threads share the chunks, and one kernel more combines them.
  @Test func wholeSumIsSplitInChunks() {
    let schedule = schedule([leaf([1024, 1024]).sum()])
    #expect(schedule.kernels.count == 2)
    #expect(schedule.kernels[0].gridPoints == 64)
  }

  @Test func temporariesShareMemory() {
    // Each reduction over the first axis of a product needs the one before it: a chain of buffers.
    var x = leaf([64, 64])
    for _ in 0..<6 { x = x.matmul(leaf([64, 64])) }
    let schedule = schedule([x])
    let temporaries = schedule.buffers.filter { $0.kind == .temporary }
    #expect(temporaries.count == 5)
    #expect(schedule.memory.byteCount == 2 * 64 * 64 * 4)
  }
}
