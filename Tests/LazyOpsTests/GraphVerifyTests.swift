import LazyOps
import Testing

@Suite struct GraphVerifyTests {
  /// A node of sources, each a buffer, that breaks its op's rule.
  struct Broken: Sendable, CustomTestStringConvertible {
    let op: Op
    let sources: [(Shape, DType)]
    let shape: Shape
    var dtype = DType.float32
    let message: String

    var testDescription: String { "\(op): \(message)" }

    /// The fault found in a graph of this node.
    var fault: String? {
      var nodes = sources.map { Graph.Vertex(.buffer, [], shape: $0.0, dtype: $0.1) }
      nodes.append(Graph.Vertex(op, Array(nodes.indices), shape: shape, dtype: dtype))
      return Graph(nodes: nodes, outputs: [nodes.count - 1]).fault
    }
  }

  static let whole = [AxisRange(start: 0, count: 2), AxisRange(start: 0, count: 3)]
  static let outside = [AxisRange(start: 1, count: 2), AxisRange(start: 0, count: 3)]
  static let matrix: (Shape, DType) = ([2, 3], .float32)
  static let index: (Shape, DType) = ([2, 1], .int32)

  static let broken: [Broken] = [
    Broken(op: .iota(axis: 0), sources: [], shape: [2], message: "counts in integers"),
    Broken(op: .iota(axis: 1), sources: [], shape: [2], dtype: .int32, message: "axis is out of range"),
    Broken(op: .unary(.exp), sources: [], shape: [2, 3], message: "has 0 sources, not 1"),
    Broken(op: .unary(.exp), sources: [([2], .int32)], shape: [2], dtype: .int32, message: "does not take int32"),
    Broken(op: .unary(.not), sources: [matrix], shape: [2, 3], message: "does not take float32"),
    Broken(op: .unary(.exp), sources: [matrix], shape: [3, 2], message: "is not float32[2, 3]"),
    Broken(op: .binary(.add), sources: [matrix, ([2, 3], .int32)], shape: [2, 3], message: "operands differ"),
    Broken(op: .binary(.add), sources: [matrix, ([3, 2], .float32)], shape: [2, 3], message: "operands differ"),
    Broken(op: .binary(.less), sources: [matrix, matrix], shape: [2, 3], message: "is not bool[2, 3]"),
    Broken(
      op: .binary(.divide), sources: [index, index], shape: [2, 1], dtype: .int32, message: "does not take int32"),
    Broken(op: .select, sources: [matrix, matrix, matrix], shape: [2, 3], message: "condition is float32"),
    Broken(op: .select, sources: [([3], .bool), matrix, matrix], shape: [2, 3], message: "another shape"),
    Broken(op: .select, sources: [([2, 3], .bool), matrix, index], shape: [2, 3], message: "values differ"),
    Broken(op: .cast, sources: [matrix], shape: [3], message: "is not float32[2, 3]"),
    Broken(op: .bitcast, sources: [matrix], shape: [2, 3], dtype: .int64, message: "widths differ"),
    Broken(op: .barrier, sources: [], shape: [2, 3], message: "has no sources"),
    Broken(op: .barrier, sources: [matrix, index], shape: [2, 1], message: "is not float32[2, 3]"),
    Broken(op: .detach, sources: [matrix], shape: [2, 3], dtype: .int32, message: "is not float32[2, 3]"),
    Broken(op: .reduce(.sum, axes: [2]), sources: [matrix], shape: [2, 3], message: "axis is out of range"),
    Broken(op: .reduce(.sum, axes: [1, 0]), sources: [matrix], shape: [], message: "ascending"),
    Broken(op: .reduce(.sum, axes: [1, 1]), sources: [matrix], shape: [2], message: "ascending"),
    Broken(op: .reduce(.sum, axes: [1]), sources: [matrix], shape: [3], message: "is not float32[2]"),
    Broken(
      op: .reduce(.sum, axes: [0]), sources: [([2], .bool)], shape: [], dtype: .bool, message: "does not take bool"),
    Broken(op: .reshape, sources: [matrix], shape: [5], message: "has not as many elements"),
    Broken(op: .reshape, sources: [matrix], shape: [6], dtype: .int32, message: "is not float32[6]"),
    Broken(op: .permute([0, 0]), sources: [matrix], shape: [2, 2], message: "not an order"),
    Broken(op: .permute([1, 0]), sources: [matrix], shape: [2, 3], message: "does not follow"),
    Broken(op: .expand, sources: [matrix], shape: [1, 2, 3], message: "another rank"),
    Broken(op: .expand, sources: [matrix], shape: [4, 3], message: "that are not 1"),
    Broken(op: .slice(outside), sources: [matrix], shape: [2, 3], message: "region leaves [2, 3]"),
    Broken(op: .slice(whole), sources: [matrix], shape: [2, 2], message: "not that of the region"),
    Broken(op: .slice([whole[0]]), sources: [matrix], shape: [2], message: "has not the rank"),
    Broken(op: .pad(outside), sources: [matrix], shape: [2, 3], message: "region leaves [2, 3]"),
    Broken(op: .pad(whole), sources: [([2], .float32)], shape: [2, 3], message: "not the shape of the region"),
    Broken(op: .window(.init(axis: 2, size: 1)), sources: [matrix], shape: [2, 3, 1], message: "axis is out of range"),
    Broken(op: .window(.init(axis: 1, size: 2)), sources: [matrix], shape: [2, 3, 2], message: "not the windows"),
    Broken(op: .window(.init(axis: 1, size: 2, stride: 0)), sources: [matrix], shape: [2, 3, 2], message: "positive"),
    Broken(op: .overlapAdd(.init(axis: 0, size: 3)), sources: [matrix], shape: [3], message: "not the windows"),
    Broken(op: .concatenate(axis: 0), sources: [], shape: [0], message: "has no sources"),
    Broken(
      op: .concatenate(axis: 0), sources: [matrix, ([2, 2], .float32)], shape: [4, 3], message: "differ elsewhere"),
    Broken(op: .concatenate(axis: 0), sources: [matrix, matrix], shape: [5, 3], message: "do not add up"),
    Broken(op: .gather(axis: 1), sources: [matrix, matrix], shape: [2, 3], message: "index is float32"),
    Broken(op: .gather(axis: 0), sources: [matrix, index], shape: [2, 1], message: "does not fit"),
    Broken(op: .gather(axis: 1), sources: [matrix, index], shape: [2, 3], message: "is not float32[2, 1]"),
    Broken(op: .scatterAdd(axis: 1), sources: [matrix, index, matrix], shape: [2, 3], message: "values do not fit"),
    Broken(op: .put(axis: 0), sources: [matrix, index, matrix], shape: [2, 3], message: "is no list"),
    Broken(op: .put(axis: 0), sources: [matrix, ([2], .float32), matrix], shape: [2, 3], message: "index is float32"),
    Broken(
      op: .put(axis: 2), sources: [matrix, ([2], .int64), matrix], shape: [2, 3], message: "axis is out of range"),
    Broken(op: .put(axis: 0), sources: [matrix, ([3], .int64), matrix], shape: [2, 3], message: "values do not fit"),
    Broken(op: .update(whole), sources: [matrix, index], shape: [2, 3], message: "value does not fit"),
    Broken(op: .update(outside), sources: [matrix, matrix], shape: [2, 3], message: "region leaves"),
  ]

  @Test(arguments: broken) func faultsAreNamed(broken: Broken) throws {
    let fault = try #require(broken.fault)
    #expect(fault.contains(broken.message))
    #expect(fault.hasPrefix("%\(broken.sources.count) = \(broken.op)"))
  }

  @Test func soundGraphsHaveNoFault() {
    let x = hostLeaf([2, 3])
    let windows = Primitive.window(x, WindowGeometry(axis: 1, size: 2))
    let index = hostLeaf([2, 1], .int64)
    let tensors = [
      Primitive.overlapAdd(windows, WindowGeometry(axis: 1, size: 2), to: [2, 3]),
      Primitive.scatterAdd(x, index, Primitive.gather(x, index, axis: 1), axis: 1),
      Primitive.concatenate([x, Primitive.pad(x, Self.whole, to: [3, 3])], axis: 0),
      Primitive.slice(x, [AxisRange(start: 9, count: 0), AxisRange(start: 2, step: -1, count: 3)]),
      Primitive.put(x, hostLeaf([4], .int64), hostLeaf([4, 3]), axis: 0),
      Primitive.update(x, Self.whole, Primitive.expand(hostLeaf([1, 3]), to: [2, 3])),
      Primitive.select(Primitive.binary(.equal, x, x), x, Primitive.permute(Primitive.permute(x, [1, 0]), [1, 0])),
    ]
    #expect(Graph.snapshot(of: tensors.map(\.node)).graph.fault == nil)
  }

  @Test func orderAndOutputsAreChecked() {
    let node = Graph.Vertex(.unary(.exp), [0], shape: [], dtype: .float32)
    #expect(Graph(nodes: [node]).fault == "%0 = exp %0 : float32[]: a source does not stand before it")
    #expect(Graph(outputs: [1]).fault == "output %1 is no node")
  }

  @Test func verifyStopsAtAFault() async {
    await #expect(processExitsWith: .failure) { Graph(outputs: [1]).verify(after: "a test") }
  }

  @Test func thePrinterIsStable() {
    let x = hostLeaf([2, 3], .float32)
    let region = [AxisRange(start: 1, step: -1, count: 2), AxisRange(start: 0, count: 1)]
    let sum = Primitive.reduce(.sum, Primitive.binary(.multiply, x, x), axes: [0, 1])
    let tensors = [
      sum, Primitive.slice(x, region), Primitive.window(x, WindowGeometry(axis: 1, size: 2, stride: 3)),
      Primitive.constant(.real(0.5), [2], .float32),
    ]
    #expect(
      Graph.snapshot(of: tensors.map(\.node)).graph.description == """
        %0 = buffer : float32[2, 3]
        %1 = multiply %0 %0 : float32[2, 3]
        %2 = reduce_sum([0, 1]) %1 : float32[]
        %3 = slice(1:-1:-1, 0:1) %0 : float32[2, 1]
        %4 = window(axis 1, size 2, stride 3, dilation 1) %0 : float32[2, 1, 2]
        %5 = constant(0.5) : float32[2]
        return %2, %3, %4, %5
        """)
  }
}
