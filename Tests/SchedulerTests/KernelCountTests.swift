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

  /// The rows of a matrix in chunks, which are runs of memory, and after a barrier what becomes of their sums.
  @Test func vectorTimesMatrixBiasGELU() {
    let hidden = (leaf([1, 768]).matmul(leaf([768, 3072])) + leaf([3072])).gelu()
    let schedule = schedule([hidden])
    #expect(schedule.kernels.count == 1 && schedule.kernels[0].phases.count == 2)
    #expect(schedule.kernels[0].sections[0].grid.map(\.extent) == [8, 3072])
    #expect(schedule.memory.byteCount == 8 * 3072 * 4)
  }

  @Test func convolutionBiasActivation() {
    let y = leaf([2, 3, 16, 16]).conv2d(leaf([8, 3, 3, 3]), bias: leaf([8])).tanh()
    #expect(kernels(y) == 1)
  }

  /// Ties are counted and gradients handed out at the points of the windows; nothing but the result is in memory.
  @Test func poolingGradientIsOneKernel() {
    let (x, pooled) = (leaf([64, 6, 28, 28]), leaf([64, 6, 14, 14]))
    let gradient = x.maxPool2d(2).gradients(with: [x], seed: pooled)[0]
    let schedule = schedule([gradient])
    let section = schedule.kernels.last!.sections.last!
    #expect(schedule.kernels.count <= 2 && section.grid.reduce(1) { $0 * $1.extent } >= 64 * 6 * 14, "\(schedule)")
    #expect(schedule.memory.byteCount <= 64 * 6 * 14 * 14 * 4)
  }

  /// A contraction whose result is read window by window is tiled, not computed point by point beside the windows.
  @Test func contractionsBesideWindowsAreTiled() {
    let (x, weight) = (leaf([8, 6, 28, 28]), leaf([16, 6, 5, 5]))
    let y = x.maxPool2d(2).conv2d(weight)
    let schedule = schedule(y.gradients(with: [x], seed: leaf([8, 16, 10, 10])))
    let tiled = schedule.kernels.flatMap(\.sections).filter { section in
      section.members.contains { if case .overlapAdd = schedule.graph.nodes[$0].op { true } else { false } }
    }
    #expect(tiled.count == 1 && tiled[0].members.count == 1, "\(schedule)")
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
    #expect(schedule.kernels.count == 6, "\(schedule)")
  }

  /// A reduction of everything: threads share the chunks, and a phase more combines them.
  @Test(arguments: [([1024, 1024], 128), ([1 << 22], 512), ([1 << 25], 2048)])
  func wholeSumIsSplitInChunks(_ shape: [Int], _ chunks: Int) {
    let schedule = schedule([leaf(Shape(shape)).sum()])
    #expect(schedule.kernels.count == 1)
    #expect(schedule.kernels[0].phases.count == 2)
    #expect(schedule.kernels[0].sections[0].gridPoints == chunks)
  }

  @Test func scansAndSorts() {
    #expect(kernels((leaf([64, 1000]) * 2).exp().cumsum(axis: 1)) == 1)
    #expect(kernels(leaf([64, 1000]).cummax(axis: 0)) == 1)
    let rows = leaf([64, 1000]).sort()
    #expect(kernels(rows.values, rows.indices) <= 2)
    let list = leaf([100_000]).sort()
    #expect(kernels(list.values) == 3)
    #expect(kernels(leaf([64, 1000]).topk(5).values) <= 3)
  }

  @Test(arguments: [[64, 32], [1024, 1024], [1009, 1013], [1_000_003]]) func statisticsOfATensor(_ shape: [Int]) {
    let x = leaf(Shape(shape))
    #expect(kernels(x.mean(), x.variance()) == 1)
    #expect(kernels(x.sum(), x.max()) == 1)
    #expect(kernels(x.max(), x.min(), x.mean(), x.standardDeviation()) == 1)
    #expect(kernels(x.norm()) == 1, "\(schedule([x.norm()]))")
    #expect(kernels(x.argmax()) == 1)
    #expect(kernels(x.argmax(axis: -1)) == 1)
    #expect(kernels(x.argmax(axis: 0)) == 1)
  }

  /// What reads one tensor over the same ranges is one pass over it.
  @Test func siblingReductionsAreOnePass() {
    let x = leaf([1024, 1024])
    for tensors in [[x.sum(), x.max()], [x.sum(axes: [1]), x.max(axes: [1])]] {
      let sections = schedule(tensors).kernels[0].sections
      #expect(sections[0].stages.count == 1 && sections[0].stages[0].results.count == 2)
    }
  }

  @Test(arguments: [[64, 10], [4096, 1000], [64, 50257], [8192, 100]]) func crossEntropyOverTheClassAxis(_ shape: [Int])
  {
    let targets = Tensor([Int64](repeating: 3, count: shape[0]))
    #expect(kernels(leaf(Shape(shape)).crossEntropy(targets)) == 1)
    #expect(kernels(leaf(Shape(shape)).logSoftmax(axis: 1).negativeLogLikelihood(targets)) == 1)
  }

  @Test(arguments: [[64, 32], [512, 768], [8192, 768]]) func layerNormForwardAndBackward(_ shape: [Int]) {
    let (x, weight, bias) = (leaf(Shape(shape)), leaf([shape[1]]), leaf([shape[1]]))
    let y = x.layerNorm(axes: [1], weight: weight, bias: bias)
    let gradients = y.gradients(with: [x, weight, bias], seed: leaf(Shape(shape)))
    #expect(kernels(y, gradients[0], gradients[1], gradients[2]) == 1)
  }

  /// The gradients of weight and bias are added up along the rows that give the gradient of x: all is read once.
  @Test(arguments: [[512, 768], [8192, 768], [4, 64, 768]]) func normGradientsReadRowsOnce(_ extents: [Int]) {
    let shape = Shape(extents)
    let (x, weight, bias, seed) = (leaf(shape), leaf([768]), leaf([768]), leaf(shape))
    let y = x.layerNorm(axes: [-1], weight: weight, bias: bias)
    let schedule = schedule([y] + y.gradients(with: [x, weight, bias], seed: seed))
    let large = schedule.buffers.indices.filter {
      if case .leaf = schedule.buffers[$0].kind { schedule.buffers[$0].shape == shape } else { false }
    }
    #expect(large.count == 2)
    for buffer in large {
      #expect(schedule.kernels.flatMap(\.sections).filter { $0.buffers.contains(buffer) }.count == 1, "\(schedule)")
    }
  }

  /// The result of a softmax and its gradient share the exponentials in scratch.
  @Test func softmaxForwardAndBackwardKeepNothing() {
    let x = leaf([4096, 1024])
    let y = x.softmax(axis: -1)
    let schedule = schedule([y] + y.gradients(with: [x], seed: leaf([4096, 1024])))
    #expect(schedule.kernels.count == 1 && schedule.kernels[0].sections.count == 1)
    #expect(schedule.memory.byteCount == 0, "\(schedule)")
  }

  /// Each piece has a section of its own: no element asks which piece it is in.
  @Test func concatenationIsOneKernel() {
    let joined = schedule([Tensor.concatenate([leaf([64, 32]), leaf([64, 1]) * 2, leaf([64, 7]).exp()], axis: 1)])
    #expect(joined.kernels.count == 1)
    #expect(joined.kernels[0].sections.map(\.gridPoints) == [2048, 64, 448])
    let many = schedule([Tensor.concatenate((1...100).map { leaf([$0, 32]) }, axis: 0)])
    #expect(many.kernels.count == 1 && many.kernels[0].sections.count == 100)
  }

  @Test func independentUpdatesAreOneKernel() {
    let outputs = (1...50).flatMap { size -> [Tensor] in
      let (weight, gradient, mean) = (leaf([size, 32]), leaf([size, 32]), leaf([size, 32]))
      let newMean = mean * 0.9 + gradient * 0.1
      return [newMean, weight - newMean * 0.1]
    }
    #expect(schedule(outputs).kernels.count == 1)
  }

  @Test func temporariesShareMemory() {
    // Too much work for an element to share a section: a chain of buffers.
    var x = leaf([64, 512])
    for _ in 0..<6 { x = x.matmul(leaf([512, 512])) }
    let schedule = schedule([x])
    let temporaries = schedule.buffers.filter { $0.kind == .temporary }
    #expect(temporaries.count == 5)
    #expect(schedule.memory.byteCount == 2 * 64 * 512 * 4)
  }

  /// A piece that is stored on the way of a reduction over the same elements is all written, which `verify` counts.
  @Test func piecesOfAConcatenationBesideAReduction() {
    let (a, b, c) = (leaf([7, 7]), leaf([7, 7]), leaf([7, 7]))
    var changed = c
    changed[.slice(from: 0, to: 7, by: 2), .slice(from: 6, to: 7)] = leaf([4, 1])
    let whole = Tensor.concatenate([a, b, changed], axis: 0)
    let columns = leaf([21, 7]).cast(to: .int64).min(axis: 1).reshape(21, 1)
    #expect(kernels(whole.gather(columns, axis: 1), whole) <= 3)
  }
}
