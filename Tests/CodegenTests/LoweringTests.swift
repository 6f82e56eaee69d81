import LazyCodegen
import LazyOps
import LazyScheduler
import TestSupport
import Testing

/// Graphs taken down all levels and run in the loop evaluator agree with the graph evaluator.
@Suite struct LoweringTests {
  /// Compares all levels for some tensors, with leaves that are kept and with leaves that may be written over, and
  /// returns the schedule for the former.
  @discardableResult
  static func check(
    _ tensors: [Tensor], tolerance: Double = 1e-5, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> Schedule {
    let (graph, nodes) = Graph.snapshot(of: tensors.map(\.node))
    let leaves = nodes.map { HostArray($0) }
    let expected = graph.withoutUnneeded(try graph.evaluate(leaves: leaves), leaves: leaves)
    var overwriting = graph
    overwriting.donated = nodes.indices.filter { !nodes[$0].op.isScalarLeaf }
    _ = try check(overwriting, leaves, expected, tolerance: tolerance, sourceLocation: sourceLocation)
    return try check(graph, leaves, expected, tolerance: tolerance, sourceLocation: sourceLocation)
  }

  private static func check(
    _ graph: Graph, _ leaves: [HostArray], _ expected: [HostArray], tolerance: Double, sourceLocation: SourceLocation
  ) throws -> Schedule {
    let roughness = Roughness(graph)
    let schedule = Schedule(graph)
    schedule.verify()
    let levels: [(String, (Section) -> LoopProgram)] = [
      ("plain", { LoopProgram($0, in: schedule) }),
      ("64-byte vectors", { LoopProgram.optimized($0, in: schedule, vectorByteCount: 64) }),
      ("16-byte vectors", { LoopProgram.optimized($0, in: schedule, vectorByteCount: 16) }),
    ]
    for (name, program) in levels {
      let result = schedule.evaluate(leaves: leaves) { section in
        let program = program(section)
        if let fault = program.verify() {
          Issue.record("\(name): \(fault)\n\(program)", sourceLocation: sourceLocation)
        }
        return program
      }
      let outputs = graph.withoutUnneeded(result.outputs, leaves: leaves)
      for (position, (a, b)) in zip(outputs, expected).enumerated() {
        let allowed = roughness.tolerance(ofOutput: position, orElse: tolerance)
        let fault = disagreement(a, b, tolerance: allowed)
        #expect(fault == nil, "\(name), output \(position)\n\(schedule)", sourceLocation: sourceLocation)
      }
    }
    return schedule
  }

  static func numbers(_ shape: Shape, from start: Double = -1) -> Tensor {
    let values = (0..<shape.elementCount).map { Float(start + Double(($0 * 37) % 101) / 50) }
    return Tensor(shape: shape, values)
  }

  @Test func elementwise() throws {
    let x = Self.numbers([9, 70])
    try Self.check([(x * 2 + 1).exp() - x])
    try Self.check([x.transpose(0, 1) + 1.5])
    try Self.check([Tensor([1, 2, 3]), Tensor.ones([2, 2])])
  }

  @Test func softmaxIsOneKernel() throws {
    for axis in [0, 1] {
      let schedule = try Self.check([Self.numbers([6, 200]).softmax(axis: axis)])
      #expect(schedule.kernels.count == 1)
    }
  }

  @Test func matmulWithEpilogue() throws {
    let (a, b) = (Self.numbers([13, 37]), Self.numbers([37, 26]))
    let c = a.matmul(b)
    #expect(try Self.check([c]).kernels.count == 1)
    #expect(try Self.check([(c + Self.numbers([26])).tanh()]).kernels.count == 1)
    #expect(try Self.check([a.matmul(Self.numbers([26, 37]).transpose(0, 1))]).kernels.count == 1)
    #expect(try Self.check([a.transpose(0, 1).matmul(Self.numbers([13, 19]))]).kernels.count == 1)
  }

  /// The gradient of pooling is computed window by window, whatever is left over at the edges and wherever windows lie
  /// apart.
  @Test(arguments: [(size: 2, stride: 2), (2, 3), (3, 3), (3, 2)])
  func poolingGradients(_ window: (size: Int, stride: Int)) throws {
    let x = Self.numbers([2, 3, 12, 10])
    let pooled = (x * 2).maxPool2d(window.size, stride: window.stride)
    let mean = x.avgPool2d(window.size, stride: window.stride)
    try Self.check((pooled * pooled).sum().gradients(with: [x]) + (mean * mean).sum().gradients(with: [x]))
  }

  @Test func reductions() throws {
    let x = Self.numbers([3, 5, 130])
    for axis in 0..<3 { try Self.check([x.sum(axis: axis), x.max(axis: axis)]) }
    try Self.check([x.sum(), x.mean(), x.max()])
    try Self.check([(x - x.mean(axis: 2, keepDimensions: true)).sum(axis: 1)])
  }

  /// An index that is an output too is no value of the kernel that writes: it was checked before.
  @Test func positionThatIsAnOutput() throws {
    let position = Tensor.argument(3).cast(to: .int64).reshape(1)
    let written = Primitive.put(Self.numbers([7, 1]), position, Self.numbers([1, 1]), axis: 0)
    try Self.check([written, position])
  }

  @Test(arguments: 0..<20) func randomGraphs(block: Int) throws {
    for seed in 0..<10 {
      var graphs = RandomGraphs(seed: UInt64(block * 10 + seed))
      try Self.check(graphs.make(), tolerance: 1e-4)
    }
  }
}
