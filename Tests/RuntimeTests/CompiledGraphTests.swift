import LazyOps
import LazyRuntime
import TestSupport
import Testing

/// Compiled kernels agree with the graph evaluator.
@Suite struct CompiledGraphTests {
  /// Realizes tensors of several graphs in one schedule and compares each with the evaluator.
  private func check(
    _ graphs: [(name: String, tensors: [Tensor])], tolerance: Double = 1e-4,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var expected: [[HostArray]] = []
    var descriptions: [String] = []
    var roughness: [Roughness] = []
    for (_, tensors) in graphs {
      let (graph, leaves) = Graph.snapshot(of: tensors.map(\.node))
      expected.append(try graph.evaluate(leaves: leaves.map { HostArray($0) }))
      descriptions.append("\(graph)")
      roughness.append(Roughness(graph))
    }
    try Tensor.tryRealize(graphs.flatMap(\.tensors))
    for (number, (name, tensors)) in graphs.enumerated() {
      for (position, (tensor, host)) in zip(tensors, expected[number]).enumerated() {
        let allowed = roughness[number].tolerance(ofOutput: position, orElse: tolerance)
        let fault = disagreement(HostArray(tensor.node), host, tolerance: allowed)
        #expect(fault == nil, "\(name)\n\(descriptions[number])", sourceLocation: sourceLocation)
      }
    }
  }

  private func numbers(_ shape: Shape) -> Tensor {
    Tensor(shape: shape, (0..<shape.elementCount).map { Float(($0 * 37) % 101) / 50 - 1 })
  }

  /// A thousand graphs, many to a schedule so that the compiler runs seldom.
  @Test(arguments: 0..<20) func randomGraphs(block: Int) throws {
    try check(
      (0..<50).map { number in
        let seed = UInt64(block * 50 + number)
        var graphs = RandomGraphs(seed: seed)
        return ("seed \(seed)", graphs.make())
      })
  }

  @Test func contractionsOfManyShapes() throws {
    var graphs: [(String, [Tensor])] = []
    for (m, n, k) in [(1, 1, 1), (5, 3, 700), (64, 48, 32), (33, 47, 65), (8, 100, 16), (1, 300, 20), (300, 1, 20)] {
      let (a, b) = (numbers([m, k]), numbers([k, n]))
      graphs.append(("\(m) x \(n) x \(k)", [a.matmul(b).tanh()]))
      graphs.append(("transposed right", [a.matmul(numbers([n, k]).transpose(0, 1)) + numbers([n])]))
      graphs.append(("transposed left", [numbers([k, m]).transpose(0, 1).matmul(b)]))
    }
    graphs.append(("batched", [numbers([3, 17, 20]).matmul(numbers([3, 20, 33]))]))
    try check(graphs)
  }

  @Test func fewVectorsTimesLargeMatrices() throws {
    var graphs: [(String, [Tensor])] = []
    for (vectors, k, n) in [(1, 515, 260), (2, 130, 1030), (1, 16, 8200)] {
      for dtype in [DType.float32, .bfloat16, .float16] {
        let (x, bias) = (numbers([vectors, k]), numbers([n]))
        let (rows, columns) = (numbers([k, n]).cast(to: dtype).realize(), numbers([n, k]).cast(to: dtype).realize())
        let name = "\(vectors) x \(n) x \(k), \(dtype)"
        graphs.append((name, [(x.matmul(rows.cast(to: .float32)) + bias).geluTanh()]))
        graphs.append(("\(name), transposed", [x.matmul(columns.T.cast(to: .float32)) + bias]))
      }
    }
    try check(graphs, tolerance: 2e-4)
  }

  @Test func convolutions() throws {
    var graphs: [(String, [Tensor])] = []
    for (stride, padding, dilation) in [(1, 0, 1), (1, 1, 1), (2, 1, 1), (2, 2, 2)] {
      let x = numbers([2, 4, 20, 20])
      let weight = numbers([6, 4, 3, 3])
      let y = x.conv2d(weight, stride: stride, padding: padding, dilation: dilation)
      let gradients = (y * y).sum().gradients(with: [x, weight])
      graphs.append(("stride \(stride), padding \(padding), dilation \(dilation)", [y] + gradients))
    }
    try check(graphs, tolerance: 1e-3)
  }

  @Test func largeReductions() throws {
    // All of one sign: what cancels in a sum would have to be compared with the terms, not with it.
    let x = (numbers([64, 96, 100]) + 1.5).realize()
    try check([
      ("all", [x.sum(), x.max(), x.min(), x.mean()]), ("two axes", [x.sum(axes: [0, 2])]),
      ("one that is kept", [(numbers([2, 700, 200]) + 1.5).sum(axes: [1, 2])]),
    ])
  }

  @Test func emptyTensorsThatAreShapedAndPadded() throws {
    let empty = numbers([1, 1, 0])
    try check([
      ("padded", [empty.reshape([10, 0]).pad([(low: 1, high: 1), (low: 0, high: 1)], value: 3)]),
      ("joined", [Tensor.concatenate([empty.reshape([0, 4]), numbers([2, 4])], axis: 0) + 1]),
      ("summed", [empty.reshape([3, 0]).sum(axis: 1)]),
    ])
  }

  /// A load under a mask in a loop that the C compiler peels: gcc 12 computed its address from another array's.
  @Test func sumsOverUpdatedRows() throws {
    let (x, row) = (numbers([9, 8, 9]) * 4, numbers([8, 9]) * 3 + 2)
    var changed = x
    changed[8] = row
    try check([("row 8", [changed.cast(to: .int32).cast(to: .int64).sum(axis: 0)])])
  }

  /// Elements that are stored and summed up in one short loop, each pair exchanged: gcc 12, left to vectorize it, summed
  /// others.
  @Test func pairsExchangedAndSummed() throws {
    var graphs: [(String, [Tensor])] = []
    for rows in [1, 3, 8] {
      let quarters = (0..<4 * rows).map { Float($0 * 7 % 5 - 2) / 4 }
      let pairs = Tensor(shape: [2, rows, 2], quarters).cast(to: .bfloat16).realize().split([1, 1], axis: 2)
      let exchanged = Tensor.concatenate([pairs[1], pairs[0]], axis: 2)
      graphs.append(("\(rows) rows", [exchanged, exchanged.sum()]))
    }
    try check(graphs)
  }

  /// Values that are moved and added again and again: they must not multiply inside a kernel.
  @Test func stencilsOfStencils() throws {
    var (rolled, mirrored, empty) = (numbers([40]), numbers([20_000]), Tensor.zeros([0, 3]))
    for _ in 0..<24 { rolled = rolled * 0.5 + rolled.roll(1, axis: 0) * 0.25 + rolled.roll(-1, axis: 0) * 0.25 }
    for _ in 0..<40 { mirrored = (mirrored + mirrored.flip(axes: [0])) * 0.5 }
    for _ in 0..<120 { empty = empty.tanh() + 1 }
    try check([("rolled", [rolled]), ("mirrored", [mirrored]), ("empty", [empty, empty.sum()])])
  }

  /// Gradients, and gradients of gradients, through functions that have rules of their own.
  @Test func gradientRules() throws {
    var graphs: [(String, [Tensor])] = []
    for (rows, columns) in [(3, 4), (33, 20)] {
      let (x, weight) = (numbers([rows, columns]), numbers([columns, columns]))
      let generator = RandomGenerator(seed: 9)
      let square = { (x: Tensor) in
        Tensor.custom("square", x, forward: { $0 * $0 }, backward: { g, x, _ in g * x * 2 })
      }
      let block = { (x: Tensor) in
        x + square((x.softmax(axis: -1).matmul(weight) * 0.1).dropout(0.3, using: generator)).tanh()
      }
      let y = (0..<2).reduce(x) { y, _ in Tensor.checkpoint(y, block) }
      let loss = (y * y).mean()
      let gradients = loss.gradients(with: [x, weight])
      let second = (gradients[0] * gradients[0]).sum().gradients(with: [x, weight])
      graphs.append(("\(rows) x \(columns)", [loss] + gradients + second))
    }
    try check(graphs, tolerance: 1e-3)
  }

  @Test func indexOutOfRangeIsThrown() throws {
    let table = numbers([4, 3])
    let rows = Tensor([0, 7])
    #expect(throws: IndexOutOfRange.self) { try table.take(rows).tryRealize() }
  }
}
