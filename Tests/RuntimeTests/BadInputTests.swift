import LazyOps
import LazyRuntime
import Testing

/// A programmer's misuse stops the program with `[op] message`, shapes included.
@Suite struct BadInputTests {
  typealias Misuse = (message: String, call: @Sendable () -> Void)

  static let misuses: [Misuse] = [
    ("[add] shapes do not broadcast: [2, 3] and [2]", { _ = Tensor.zeros([2, 3]) + Tensor.zeros([2]) }),
    ("[add] shapes do not broadcast: [0] and [2]", { _ = Tensor.zeros([0]) + Tensor.zeros([2]) }),
    ("[broadcast] [3] does not broadcast to [2]", { _ = Tensor.zeros([3]).broadcast(to: [2]) }),
    ("[sum] axis 2 is out of range for shape [2, 3]", { _ = Tensor.zeros([2, 3]).sum(axis: 2) }),
    ("[sum] axis -3 is out of range for shape [2, 3]", { _ = Tensor.zeros([2, 3]).sum(axis: -3) }),
    ("[sum] axes [0, -2] name one axis of [2, 3] twice", { _ = Tensor.zeros([2, 3]).sum(axes: [0, -2]) }),
    ("[softmax] axis 1 is out of range for shape [4]", { _ = Tensor.zeros([4]).softmax(axis: 1) }),
    ("[transpose] axis 5 is out of range for shape [2, 3]", { _ = Tensor.zeros([2, 3]).transpose(0, 5) }),
    ("[permute] [0, 0] is not an order of the axes of shape [2, 3]", { _ = Tensor.zeros([2, 3]).permute(0, 0) }),
    ("[reshape] [2, 3] does not reshape to [4]", { _ = Tensor.zeros([2, 3]).reshape(4) }),
    ("[reshape] [2, 3] does not reshape to [-1, 4]", { _ = Tensor.zeros([2, 3]).reshape(-1, 4) }),
    ("[reshape] [2, 3] does not reshape to [-1, -1]", { _ = Tensor.zeros([2, 3]).reshape(-1, -1) }),
    ("[reshape] [0, 3] does not reshape to [-1, 0]", { _ = Tensor.zeros([0, 3]).reshape(-1, 0) }),
    ("[reshape] [2, 3] does not reshape to [-2, -3]", { _ = Tensor.zeros([2, 3]).reshape(-2, -3) }),
    ("[matmul] inner dimensions differ: [2, 3] · [2, 3]", { _ = Tensor.zeros([2, 3]).matmul(.zeros([2, 3])) }),
    ("[matmul]", { _ = Tensor.full([], 2.0).matmul(.zeros([2, 3])) }),
    ("[max] axis 1 of shape [2, 0] has no elements", { _ = Tensor.zeros([2, 0]).max(axis: 1) }),
    ("[min] axis 0 of shape [0] has no elements", { _ = Tensor.zeros([0]).min() }),
    ("[argmax] axis 0 of shape [0] has no elements", { _ = Tensor.zeros([0]).argmax() }),
    ("[argmin] axis 0 of shape [0, 3] has no elements", { _ = Tensor.zeros([0, 3]).argmin(axis: 0) }),
    ("[subscript] index 3 is out of range for axis 0 of shape [3]", { _ = Tensor.zeros([3])[3] }),
    ("[subscript] index -4 is out of range for axis 0 of shape [3]", { _ = Tensor.zeros([3])[-4] }),
    ("[subscript] index 0 is out of range for axis 0 of shape [0]", { _ = Tensor.zeros([0])[0] }),
    ("[subscript] 2 indices for the 1 axes of shape [3]", { _ = Tensor.zeros([3])[0, 0] }),
    ("[subscript] the step of a slice is 0", { _ = Tensor.zeros([3])[.slice(by: 0)] }),
    (
      "[subscript] a mask of shape [2] for axes [0] of [3]",
      {
        var x = Tensor.zeros([3]); x[Tensor([true, false])] = Tensor(1)
      }
    ),
    (
      "[subscript] a value of shape [3] does not broadcast to the region's [1]",
      {
        var x = Tensor.zeros([3]); x[x .> 1] = x
      }
    ),
    (
      "[subscript] how many elements a mask selects",
      {
        let x = Tensor.zeros([3]); _ = x[x .> 1]
      }
    ),
    (
      "[subscript] indices are float32",
      {
        var x = Tensor.zeros([3]); x[Tensor([1.0])] = Tensor(1)
      }
    ),
    (
      "[subscript] a value of shape [2] does not broadcast",
      {
        var x = Tensor.zeros([3, 4]); x[Tensor([1, 2])] = Tensor([1, 2])
      }
    ),
    (
      "[subscript] an index into an axis",
      {
        var x = Tensor.zeros([0, 2]); x[Tensor([1])] = Tensor(1)
      }
    ),
    ("[concatenate]", { _ = Tensor.concatenate([.zeros([2, 3]), .zeros([2, 4])], axis: 0) }),
    ("[concatenate] there are no tensors", { _ = Tensor.concatenate([]) }),
    ("[stack] shapes differ: [2] and [3]", { _ = Tensor.stack([.zeros([2]), .zeros([3])]) }),
    ("[split] sizes [1, 1] do not add up to axis 0 of shape [3]", { _ = Tensor.zeros([3]).split([1, 1]) }),
    ("[pad]", { _ = Tensor.zeros([3]).pad([(low: -1, high: 0)]) }),
    ("[convolution]", { _ = Tensor.zeros([3, 3]).conv2d(.zeros([1, 1, 2, 2])) }),
    ("[maxPool2d]", { _ = Tensor.zeros([1, 1, 2, 2]).maxPool2d(3) }),
    ("[gather] indices are float32, not integers", { _ = Tensor.zeros([3]).gather(.zeros([2]), axis: 0) }),
    ("[where] condition is float32, not bool", { _ = Tensor.where(Tensor.zeros([2]), Tensor.zeros([2]), 1.0) }),
    ("[mean] takes floating-point elements, not int64; cast first", { _ = Tensor([1, 2]).mean() }),
    ("[Tensor] 3 numbers for the elements of shape [2]", { _ = Tensor(shape: [2], [1, 2, 3]) }),
    ("[gradients]", { _ = Tensor([1.0, 2.0]).gradients(with: []) }),
    ("[realize] ", { Tensor([1.0, 2.0]).take(Tensor([2])).realize() }),
    ("[realize] ", { Tensor([1.0, 2.0]).take(Tensor([-1])).realize() }),
    ("[realize] ", { Tensor([1.0, 2.0]).scatterAdd(Tensor([5]), Tensor([1.0]), axis: 0).realize() }),
    ("[item]", { _ = Tensor([1.0, 2.0]).item }),
  ]

  @Test(arguments: misuses.indices) func misuseStopsWithAMessage(number: Int) async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) { [number] in
      BadInputTests.misuses[number].call()
    }
    let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    let message = BadInputTests.misuses[number].message
    #expect(text.contains(message), "\(message) is not in:\n\(text.prefix(600))")
    #expect(!text.contains("bug: "), "\(text.prefix(600))")
  }
}

/// Tensors without elements, scalars, and unusual outputs work as in PyTorch.
@Suite struct EdgeTests {
  private struct Expectation {
    let name: String
    let tensor: Tensor
    let shape: Shape
    let numbers: [Double]
  }

  private func check(_ expectations: [Expectation]) throws {
    try Tensor.tryRealize(expectations.map(\.tensor))
    for wanted in expectations {
      #expect(wanted.tensor.shape == wanted.shape, "\(wanted.name)")
      let found = wanted.tensor.doubles
      let isEqual =
        found.count == wanted.numbers.count
        && zip(found, wanted.numbers).allSatisfy { $0 == $1 || $0.isNaN && $1.isNaN }
      #expect(isEqual, "\(wanted.name): \(found), not \(wanted.numbers)")
    }
  }

  @Test func tensorsWithoutElements() throws {
    let nan = Double.nan
    var expectations: [Expectation] = []
    func expect(_ name: String, _ tensor: Tensor, _ shape: Shape, _ numbers: [Double] = []) {
      expectations.append(Expectation(name: name, tensor: tensor, shape: shape, numbers: numbers))
    }
    for shape: Shape in [[0], [0, 3], [2, 0]] {
      let x = Tensor.zeros(shape)
      let leaf = Tensor(shape: shape, [Float]())
      expect("exp \(shape)", x.exp(), shape)
      expect("leaf \(shape)", leaf.tanh() + 1, shape)
      expect("scalar \(shape)", leaf * Tensor.full([], 2.0), shape)
      expect("softmax \(shape)", leaf.softmax(axis: -1), shape)
      expect("sum \(shape)", leaf.sum(), [], [0])
      expect("product \(shape)", leaf.product(), [], [1])
      expect("mean \(shape)", leaf.mean(), [], [nan])
      expect("variance \(shape)", leaf.variance(), [], [nan])
      expect("any \(shape)", leaf.any(), [], [0])
      expect("all \(shape)", leaf.all(), [], [1])
      expect("flip \(shape)", leaf.flip(), shape)
      expect("cast \(shape)", leaf.cast(to: .int64), shape)
      expect("concatenate \(shape)", Tensor.concatenate([leaf, leaf], axis: 0), shape.replacing(0, by: 2 * shape[0]))
      let gradient = (leaf * leaf).sum().gradients(with: [leaf])[0]
      expect("gradient \(shape)", gradient, shape)
    }
    let rows = Tensor(shape: [2, 0], [Float]())
    let columns = Tensor(shape: [0, 3], [Float]())
    expect("sum over none", rows.sum(axis: 1), [2], [0, 0])
    expect("product over none", rows.product(axis: 1), [2], [1, 1])
    expect("mean over none", rows.mean(axis: 1), [2], [nan, nan])
    expect("any over none", rows.any(axis: 1), [2], [0, 0])
    expect("all over none", rows.all(axis: 1), [2], [1, 1])
    expect("logSumExp over none", rows.logSumExp(axis: 1), [2], [-.infinity, -.infinity])
    expect("max beside none", columns.max(axis: 1), [0])
    expect("argmax beside none", columns.argmax(axis: 1), [0])
    expect("matmul over none", rows.matmul(columns), [2, 3], [0, 0, 0, 0, 0, 0])
    expect("matmul and more", rows.matmul(columns).tanh() + 1, [2, 3], [1, 1, 1, 1, 1, 1])
    expect("matmul of none", columns.matmul(.ones([3, 2])), [0, 2])
    expect("concatenated with none", Tensor.concatenate([columns, .ones([1, 3]), columns]), [1, 3], [1, 1, 1])
    expect("padded none", columns.pad(axis: 0, low: 1, high: 1, value: 2.0), [2, 3], [2, 2, 2, 2, 2, 2])
    expect("conv of no batch", Tensor.zeros([0, 3, 5, 5]).conv2d(.ones([2, 3, 3, 3])), [0, 2, 3, 3])
    expect("no index", Tensor([1.0, 2.0]).take(Tensor(shape: [0], [Int]())), [0])
    expect(
      "scatter of none", Tensor([1.0, 2.0]).scatterAdd(Tensor(shape: [0], [Int]()), .zeros([0]), axis: 0), [2], [1, 2])
    expect("window on none", Tensor.zeros([2]).window(axis: 0, size: 3), [0, 3])
    try check(expectations)
  }

  @Test func scalars() throws {
    let x = Tensor(2.5)
    var changed = Tensor([1.0, 2.0, 3.0])
    changed[1] = x
    try check([
      Expectation(name: "exp", tensor: x * x, shape: [], numbers: [6.25]),
      Expectation(name: "sum", tensor: x.sum(), shape: [], numbers: [2.5]),
      Expectation(name: "max", tensor: x.max(), shape: [], numbers: [2.5]),
      Expectation(name: "mean", tensor: x.mean(), shape: [], numbers: [2.5]),
      Expectation(name: "argmax", tensor: x.argmax(), shape: [], numbers: [0]),
      Expectation(name: "reshape", tensor: x.reshape(1, 1), shape: [1, 1], numbers: [2.5]),
      Expectation(name: "flatten", tensor: x.flatten(), shape: [1], numbers: [2.5]),
      Expectation(name: "broadcast", tensor: x.broadcast(to: [2]), shape: [2], numbers: [2.5, 2.5]),
      Expectation(name: "flip", tensor: x.flip(), shape: [], numbers: [2.5]),
      Expectation(name: "where", tensor: Tensor.where(x .> 1, x, 0), shape: [], numbers: [2.5]),
      Expectation(name: "assigned", tensor: changed, shape: [3], numbers: [1, 2.5, 3]),
      Expectation(name: "taken", tensor: Tensor([4.0, 5.0]).take(Tensor(1)), shape: [], numbers: [5]),
      Expectation(name: "stacked", tensor: Tensor.stack([x, x * 2]), shape: [2], numbers: [2.5, 5]),
      Expectation(name: "gradient", tensor: x.square().gradients(with: [x])[0], shape: [], numbers: [5]),
      Expectation(name: "one hot", tensor: Tensor(1).oneHot(3), shape: [3], numbers: [0, 1, 0]),
    ])
  }

  @Test func outputsOfEveryKind() throws {
    let leaf = Tensor([[1.0, 2.0], [3.0, 4.0]])
    let argument = Tensor.argument(7)
    let sum = leaf + 1
    var updated = leaf
    updated[0] = updated[1]
    try check([
      Expectation(name: "constant", tensor: .full([2], 3), shape: [2], numbers: [3, 3]),
      Expectation(name: "argument", tensor: argument, shape: [], numbers: [7]),
      Expectation(name: "argument spread", tensor: argument.broadcast(to: [2]), shape: [2], numbers: [7, 7]),
      Expectation(name: "arange", tensor: .arange(3), shape: [3], numbers: [0, 1, 2]),
      Expectation(name: "leaf", tensor: leaf, shape: [2, 2], numbers: [1, 2, 3, 4]),
      Expectation(name: "transposed", tensor: leaf.T, shape: [2, 2], numbers: [1, 3, 2, 4]),
      Expectation(name: "slice", tensor: leaf[0..., 1], shape: [2], numbers: [2, 4]),
      Expectation(name: "reshaped", tensor: leaf.reshape(4), shape: [4], numbers: [1, 2, 3, 4]),
      Expectation(name: "once", tensor: sum, shape: [2, 2], numbers: [2, 3, 4, 5]),
      Expectation(name: "twice", tensor: sum, shape: [2, 2], numbers: [2, 3, 4, 5]),
      Expectation(name: "view of an output", tensor: sum.T, shape: [2, 2], numbers: [2, 4, 3, 5]),
      Expectation(name: "updated from itself", tensor: updated, shape: [2, 2], numbers: [3, 4, 3, 4]),
      Expectation(name: "read after an update", tensor: updated * leaf, shape: [2, 2], numbers: [3, 8, 9, 16]),
    ])
    #expect(leaf.floats == [1, 2, 3, 4])
  }

  @Test func aRealizedTensorIsAnInput() throws {
    var x = Tensor([1.0, 2.0])
    for _ in 0..<3 {
      x = x * 2
      Tensor.realize(x, x)
    }
    #expect(x.floats == [8, 16])
    Tensor.realize(x, x + 1)
    #expect(x.floats == [8, 16])
  }

  @Test func bigIntegersAndTruthValues() throws {
    let big = Tensor([Int.max, Int.min, 1 << 53 + 1])
    let next = big + 1
    let truths = Tensor([true, false, true])
    let counts = truths.sum()
    let both = truths .& Tensor([true, true, false])
    let most = truths.max()
    let scaled = Tensor([UInt32.max, 1]) * 3
    Tensor.realize(next, counts, both, most, scaled)
    #expect(next.ints == [Int.min, Int.min + 1, (1 << 53 + 1) + 1])
    #expect(counts.ints == [2])
    #expect(both.bools == [true, false, false])
    #expect(most.bools == [true])
    #expect(scaled.ints == [Int(UInt32.max &* 3), 3])
  }
}
