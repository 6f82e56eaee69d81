import LazyOps
import Testing

/// A graph in which a rule fires, and what is left of it.
struct RuleExample: Sendable, CustomTestStringConvertible {
  let rule: String
  let text: String
  let build: @Sendable () -> Tensor

  /// `text` is the simplified graph without its leaves, one line after the other.
  init(_ rule: String, _ text: String, _ build: @escaping @Sendable () -> Tensor) {
    (self.rule, self.text, self.build) = (rule, text, build)
  }

  var testDescription: String { rule }
}

private let x = hostLeaf([2, 3], .float32)
private let y = hostLeaf([2, 3], .float32)
private let whole = hostLeaf([2, 3], .int32)
private let truth = hostLeaf([2, 3], .bool)
private let scalar = Primitive.argument(.real(3), .float32)
private let row = hostLeaf([1, 3], .float32)

private func constant(_ value: Double, _ dtype: DType = .float32, _ shape: Shape = [2, 3]) -> Tensor {
  Primitive.constant(.real(value), shape, dtype)
}
private func f(_ op: UnaryOp, _ x: Tensor) -> Tensor { Primitive.unary(op, x) }
private func f(_ op: BinaryOp, _ a: Tensor, _ b: Tensor) -> Tensor { Primitive.binary(op, a, b) }
private func wide(_ x: Tensor) -> Tensor { Primitive.expand(x, to: [2, 3]) }
private func ranges(_ starts: [Int], _ counts: [Int], _ step: Int = 1) -> [AxisRange] {
  zip(starts, counts).map { AxisRange(start: $0, step: step, count: $1) }
}

let ruleExamples: [RuleExample] = [
  .init("constant -> constant as its dtype holds it", "%0 = constant(2) : int32[2]; return %0") {
    Tensor(.constant(.real(2.5)), shape: [2], dtype: .int32)
  },
  .init("f(constant) -> constant", "%0 = constant(2.0) : float32[2, 3]; return %0") { f(.sqrt, constant(4)) },
  .init("-(-x) -> x", "return %0") { f(.negate, f(.negate, x)) },
  .init("not not x -> x", "return %0") { f(.not, f(.not, truth)) },
  .init("||x|| -> |x|", "%1 = absolute %0 : float32[2, 3]; return %1") { f(.absolute, f(.absolute, x)) },
  .init("|-x| -> |x|", "%1 = absolute %0 : float32[2, 3]; return %1") { f(.absolute, f(.negate, x)) },
  .init(
    "exp(x - max(x)) -> exp(min(x - max(x), 0))",
    "%1 = reduce_maximum([1]) %0 : float32[2]; %2 = reshape %1 : float32[2, 1]; %3 = expand %2 : float32[2, 3]; "
      + "%4 = subtract %0 %3 : float32[2, 3]; %5 = constant(0.0) : float32[2, 3]; %6 = minimum %4 %5 : float32[2, 3]; "
      + "%7 = exp %6 : float32[2, 3]; return %7"
  ) { f(.exp, f(.subtract, x, wide(Primitive.reshape(Primitive.reduce(.maximum, x, axes: [1]), to: [2, 1])))) },
  .init("f(constant, constant) -> constant", "%0 = constant(1) : bool[2, 3]; return %0") {
    f(.less, constant(1), constant(2))
  },
  .init(
    "f(constant, x) -> f(x, constant)",
    "%0 = constant(2.0) : float32[2, 3]; %2 = multiply %1 %0 : float32[2, 3]; return %2"
  ) { f(.multiply, constant(2), x) },
  .init("x + -0 -> x", "return %0") { f(.add, f(.add, x, constant(-0.0)), constant(-0.0)) },
  .init("x + -0 -> x", "return %0") { f(.add, constant(0, .int32), whole) },
  .init("x - 0 -> x", "return %0") { f(.subtract, x, constant(0)) },
  .init("x * 1 -> x", "return %0") { f(.multiply, constant(1), x) },
  .init("x / 1 -> x", "return %0") { f(.divide, x, constant(1)) },
  .init("x // 1 -> x", "return %0") { f(.floorDivide, whole, constant(1, .int32)) },
  .init("x ^ 1 -> x", "return %0") { f(.power, x, constant(1)) },
  .init("x | 0 -> x", "return %0") { f(.or, truth, constant(0, .bool)) },
  .init("x xor 0 -> x", "return %0") { f(.xor, whole, constant(0, .int32)) },
  .init("x & true -> x", "return %0") { f(.and, truth, constant(1, .bool)) },
  .init("x << 0 -> x", "return %0") { f(.shiftLeft, whole, constant(0, .int32)) },
  .init("x >> 0 -> x", "return %0") { f(.shiftRight, whole, constant(0, .int32)) },
  .init("f(x, x) -> x", "return %0") { f(.maximum, x, x) },
  .init("x * 0 -> 0", "%1 = constant(0) : int32[2, 3]; return %1") { f(.multiply, whole, constant(0, .int32)) },
  .init("x * -1 -> -x", "%1 = negate %0 : float32[2, 3]; return %1") { f(.multiply, x, constant(-1)) },
  .init("x ^ 0 -> 1", "%1 = constant(1.0) : float32[2, 3]; return %1") { f(.power, x, constant(0)) },
  .init("x ^ 2 -> x * x", "%1 = multiply %0 %0 : float32[2, 3]; return %1") { f(.power, x, constant(2)) },
  .init("x ^ -1 -> 1 / x", "%1 = reciprocal %0 : float32[2, 3]; return %1") { f(.power, x, constant(-1)) },
  .init(
    "x / 2^n -> x * 2^-n", "%1 = constant(0.25) : float32[2, 3]; %2 = multiply %0 %1 : float32[2, 3]; return %2"
  ) { f(.divide, x, constant(4)) },
  .init("x + -y -> x - y", "%2 = subtract %0 %1 : float32[2, 3]; return %2") { f(.add, x, f(.negate, y)) },
  .init("-x + y -> y - x", "%2 = subtract %1 %0 : float32[2, 3]; return %2") { f(.add, f(.negate, x), y) },
  .init("x - -y -> x + y", "%2 = add %0 %1 : float32[2, 3]; return %2") { f(.subtract, x, f(.negate, y)) },
  .init("x & 0 -> 0", "%1 = constant(0) : int32[2, 3]; return %1") { f(.and, whole, constant(0, .int32)) },
  .init("x | true -> true", "%1 = constant(1) : bool[2, 3]; return %1") { f(.or, truth, constant(1, .bool)) },
  .init("select(constant, x, y) -> x or y", "return %1") { Primitive.select(constant(0, .bool), x, y) },
  .init("select(c, x, x) -> x", "return %1") { Primitive.select(truth, x, x) },
  .init("select(not c, x, y) -> select(c, y, x)", "%3 = select %0 %2 %1 : float32[2, 3]; return %3") {
    Primitive.select(f(.not, truth), x, y)
  },
  .init("select(c, true, false) -> c", "return %0") {
    Primitive.select(truth, constant(1, .bool), constant(0, .bool))
  },
  .init("cast to the same dtype -> x", "return %0") { Tensor(.cast, [x], shape: [2, 3], dtype: .float32) },
  .init("cast(constant) -> constant", "%0 = constant(2) : int32[2, 3]; return %0") {
    Primitive.cast(constant(2.5), to: .int32)
  },
  .init("cast through a dtype that holds every x -> cast", "return %0") {
    Primitive.cast(Primitive.cast(whole, to: .float64), to: .int32)
  },
  .init("bitcast to the same dtype -> x", "return %0") { Tensor(.bitcast, [x], shape: [2, 3], dtype: .float32) },
  .init("bitcast(constant) -> constant", "%0 = constant(1065353216) : int32[2, 3]; return %0") {
    Primitive.bitcast(constant(1), to: .int32)
  },
  .init("bitcast(bitcast(x)) -> bitcast(x)", "%1 = bitcast %0 : uint32[2, 3]; return %1") {
    Primitive.bitcast(Primitive.bitcast(x, to: .int32), to: .uint32)
  },
  .init("detach(x) -> x", "return %0") { Primitive.detach(x) },
  .init(
    "f(expand(x), ...) -> expand(f(x, ...))",
    "%1 = constant(3.0) : float32[1, 3]; %2 = less %0 %1 : bool[1, 3]; %3 = expand %2 : bool[2, 3]; return %3"
  ) { f(.less, wide(row), constant(3)) },
  .init(
    "f(reshape(one element), ...) -> reshape(f(one element, ...))",
    "%1 = multiply %0 %0 : float32[]; %2 = reshape %1 : float32[1, 1]; %3 = expand %2 : float32[2, 3]; return %3"
  ) {
    let full = wide(Primitive.reshape(scalar, to: [1, 1]))
    return f(.multiply, full, full)
  },
  .init("movement to the same shape -> x", "return %0") { Tensor(.reshape, [x], shape: [2, 3], dtype: .float32) },
  .init("movement of a constant -> constant", "%0 = constant(7.0) : float32[6]; return %0") {
    Primitive.reshape(
      Primitive.permute(Primitive.slice(constant(7, .float32, [4, 9]), ranges([1, 2], [2, 3])), [1, 0]), to: [6])
  },
  .init("reshape(reshape(x)) -> reshape(x)", "return %0") {
    Primitive.reshape(Primitive.reshape(x, to: [6]), to: [2, 3])
  },
  .init("permute in order -> x", "return %0") { Primitive.permute(x, [0, 1]) },
  .init("permute(permute(x)) -> permute(x)", "%1 = permute([2, 0, 1]) %0 : float32[4, 2, 3]; return %1") {
    Primitive.permute(Primitive.permute(hostLeaf([2, 3, 4], .float32), [1, 2, 0]), [1, 2, 0])
  },
  .init("expand(expand(x)) -> expand(x)", "%1 = expand %0 : float32[2, 3]; return %1") {
    wide(Primitive.expand(hostLeaf([1, 1], .float32), to: [1, 3]))
  },
  .init("slice of everything -> x", "return %0") { Primitive.slice(x, ranges([0, 0], [2, 3])) },
  .init("slice(slice(x)) -> slice(x)", "%1 = slice(7:3:-2) %0 : float32[2]; return %1") {
    let odd = Primitive.slice(hostLeaf([9], .float32), ranges([1], [4], 2))
    return Primitive.slice(odd, ranges([3], [2], -1))
  },
  .init("slice(pad(x)) of the same region -> x", "return %0") {
    Primitive.slice(Primitive.pad(x, ranges([1, 1], [2, 3]), to: [4, 5]), ranges([1, 1], [2, 3]))
  },
  .init("movement of zeros -> zeros", "%0 = constant(0.0) : float32[4, 5]; return %0") {
    Primitive.pad(constant(0), ranges([1, 1], [2, 3]), to: [4, 5])
  },
  .init("pad by nothing -> x", "return %0") { Primitive.pad(x, ranges([0, 0], [2, 3]), to: [2, 3]) },
  .init("pad(pad(x)) -> pad(x)", "%1 = pad(3:7:2, 5:14:3) %0 : float32[9, 20]; return %1") {
    let once = Primitive.pad(
      x, [AxisRange(start: 1, count: 2), AxisRange(start: 1, step: 1, count: 3)], to: [3, 4])
    return Primitive.pad(
      once, [AxisRange(start: 1, step: 2, count: 3), AxisRange(start: 2, step: 3, count: 4)], to: [9, 20])
  },
  .init("window of one element, stride 1 -> reshape", "%1 = reshape %0 : float32[2, 3, 1]; return %1") {
    Primitive.window(x, WindowGeometry(axis: 1, size: 1))
  },
  .init(
    "overlapAdd of windows that do not overlap -> pad(reshape(x))",
    "%1 = window(axis 1, size 2, stride 2, dilation 1) %0 : int32[2, 1, 2]; %2 = reshape %1 : int32[2, 2]; "
      + "%3 = pad(0:2, 0:2) %2 : int32[2, 3]; return %3"
  ) {
    let geometry = WindowGeometry(axis: 1, size: 2, stride: 2)
    return Primitive.overlapAdd(Primitive.window(whole, geometry), geometry, to: [2, 3])
  },
  .init("concatenate(x) -> x", "return %0") { Primitive.concatenate([x], axis: 1) },
  .init("concatenate(constant, the same constant) -> constant", "%0 = constant(1.0) : float32[4, 3]; return %0") {
    Primitive.concatenate([constant(1), constant(1)], axis: 0)
  },
  .init(
    "concatenate(concatenate(x, y), z) -> concatenate(x, y, z)",
    "%2 = concatenate(1) %0 %1 %0 : float32[2, 9]; return %2"
  ) {
    Primitive.concatenate([Primitive.concatenate([x, y], axis: 1), x], axis: 1)
  },
  .init(
    "pad(x) + pad(y) side by side -> pad(concatenate(x, y))", "%1 = concatenate(1) %0 %0 : int32[2, 6]; return %1"
  ) {
    f(
      .add, Primitive.pad(whole, ranges([0, 3], [2, 3]), to: [2, 6]),
      Primitive.pad(whole, ranges([0, 0], [2, 3]), to: [2, 6]))
  },
  .init("concatenate(x, nothing) -> concatenate(x)", "return %0") {
    Primitive.concatenate([x, constant(1, .float32, [0, 3])], axis: 0)
  },
  .init("update of everything -> value", "return %1") { Primitive.update(x, ranges([0, 0], [2, 3]), y) },
  .init("update of nothing -> target", "return %0") {
    Primitive.update(x, ranges([0, 0], [2, 0]), constant(1, .float32, [2, 0]))
  },
  .init("put of nothing -> target", "return %0") {
    Primitive.put(x, hostLeaf([0], .int64), constant(1, .float32, [0, 3]), axis: 0)
  },
  .init("reduce over axes of extent 1 -> reshape", "%1 = reshape %0 : float32[3]; return %1") {
    Primitive.reduce(.sum, row, axes: [0])
  },
  .init("reduce(nothing) -> identity", "%1 = constant(-inf) : float32[2]; return %1") {
    Primitive.reduce(.maximum, hostLeaf([2, 0], .float32), axes: [1])
  },
  .init("reduce(constant) -> constant", "%0 = constant(1.5) : float32[2]; return %0") {
    Primitive.reduce(.sum, constant(0.5), axes: [1])
  },
  .init(
    "sum(half) -> cast(sum(float32))",
    "%1 = cast %0 : float32[2, 3]; %2 = reduce_sum([1]) %1 : float32[2]; %3 = cast %2 : bfloat16[2]; return %3"
  ) { Primitive.reduce(.sum, hostLeaf([2, 3], .bfloat16), axes: [1]) },
  .init("maximum(expand(x)) -> maximum(x)", "%1 = reshape %0 : float32[3]; return %1") {
    Primitive.reduce(.maximum, wide(row), axes: [0])
  },
  .init(
    "sum(expand(x)) -> sum(x) * count",
    "%1 = constant(2.0) : float32[]; %2 = reduce_sum([0, 1]) %0 : float32[]; %3 = multiply %2 %1 : float32[]; return %3"
  ) { Primitive.reduce(.sum, wide(row), axes: [0, 1]) },
  .init(
    "reduce(expand(x)) -> expand(reduce(x))",
    "%1 = reduce_sum([1]) %0 : float32[1]; %2 = expand %1 : float32[2]; return %2"
  ) { Primitive.reduce(.sum, wide(row), axes: [1]) },
]

@Suite struct RulesTests {
  /// Numbers for a leaf, with what tells wrong rules from right ones: -0, infinities and NaN.
  static func numbers(_ shape: Shape, _ dtype: DType, _ seed: Int) -> HostArray {
    let special: [Double] =
      dtype.isFloatingPoint ? [-0.0, 0, 1, -2, 3, .infinity, -0.5, .nan, -1, 2] : [0, 3, -2, 1, 7]
    return HostArray((0..<shape.elementCount).map { special[($0 * 7 + seed * 3) % special.count] }, shape, dtype)
  }

  /// Expects that simplifying keeps the leaves and every bit of the outputs, and leaves nothing for a second time.
  static func expectSame(_ graph: Graph, _ trace: @escaping (String) -> Void = { _ in }) throws {
    var fired: [String] = []
    let simplified = graph.simplified { fired.append($0) }
    fired.forEach(trace)
    simplified.verify()
    #expect(simplified.simplified() == simplified, "\(simplified)")
    #expect(simplified.leaves.map { simplified.nodes[$0] } == graph.leaves.map { graph.nodes[$0] })
    let leaves = graph.leaves.enumerated().map { seed, leaf in
      numbers(graph.nodes[leaf].shape, graph.nodes[leaf].dtype, seed)
    }
    let (before, after) = (try graph.evaluate(leaves: leaves), try simplified.evaluate(leaves: leaves))
    for (a, b) in zip(before, after) {
      #expect(a.shape == b.shape && a.dtype == b.dtype)
      #expect(isSame(a.doubles, b.doubles), "\(a) became \(b)\n\(graph)\n\(simplified)\n\(fired)")
    }
  }

  @Test(arguments: ruleExamples) func rule(example: RuleExample) throws {
    let graph = Graph.snapshot(of: [example.build().node]).graph
    var fired: [String] = []
    try Self.expectSame(graph) { fired.append($0) }
    #expect(fired.contains { $0.hasPrefix(example.rule + ": ") }, "\(fired)")
    let simplified = graph.simplified()
    let lines =
      (simplified.nodes.indices.filter { !simplified.nodes[$0].isLeaf }.map(simplified.describe)
        + [simplified.description.split(separator: "\n").last.map(String.init)!])
    #expect(lines.joined(separator: "; ") == example.text)
  }

  @Test func everyRuleHasAnExample() {
    let ops: [Op] = [
      .constant(.real(0)), .unary(.exp), .binary(.add), .select, .cast, .bitcast, .detach, .reduce(.sum, axes: []),
      .reshape, .permute([]), .expand, .slice([]), .pad([]), .window(.init(axis: 0, size: 1)),
      .overlapAdd(.init(axis: 0, size: 1)), .concatenate(axis: 0), .put(axis: 0), .update([]),
      .scatterAdd(axis: 0),
    ]
    let names = Set(ops.flatMap { Rule.table(for: $0) }.map(\.name))
    #expect(names == Set(ruleExamples.map(\.rule)))
    for op: Op in [.buffer, .argument, .length(bound: 3), .iota(axis: 0), .barrier, .gather(axis: 0)] {
      #expect(Rule.table(for: op).isEmpty)
    }
  }

  /// Looks like a rule's left side and is not.
  @Test(
    arguments: [
      { f(.add, x, constant(0)) }, { f(.subtract, x, constant(-0.0)) }, { f(.subtract, x, x) },
      { f(.multiply, x, constant(0)) }, { f(.power, x, constant(0.5)) }, { f(.divide, x, constant(3)) },
      { f(.divide, x, constant(0x1p127)) }, { f(.maximum, constant(0), x) }, { f(.floorDivide, x, constant(1)) },
      { f(.equal, x, x) }, { Primitive.cast(Primitive.cast(x, to: .int32), to: .float32) },
      { Primitive.cast(Primitive.cast(whole, to: .float32), to: .int32) },
      { Primitive.reduce(.sum, constant(0.1, .float32, [1 << 24]), axes: [0]) },
      {
        // Apart, and one over the other.
        f(
          .add, Primitive.pad(x, ranges([0, 0], [2, 3]), to: [2, 7]),
          Primitive.pad(y, ranges([0, 4], [2, 3]), to: [2, 7]))
      },
      {
        f(
          .add, Primitive.pad(x, ranges([0, 0], [2, 3]), to: [2, 5]),
          Primitive.pad(y, ranges([0, 2], [2, 3]), to: [2, 5]))
      },
      {
        f(
          .add, Primitive.pad(x, ranges([0, 0], [2, 3]), to: [4, 6]),
          Primitive.pad(y, ranges([2, 3], [2, 3]), to: [4, 6]))
      },
      { Primitive.concatenate([Primitive.concatenate([x, y], axis: 1), hostLeaf([3, 6], .float32)], axis: 0) },
    ] as [@Sendable () -> Tensor])
  func notARule(build: @Sendable () -> Tensor) {
    let graph = Graph.snapshot(of: [build().node]).graph
    var fired: [String] = []
    let simplified = graph.simplified { fired.append($0) }
    #expect(fired.isEmpty)
    #expect(simplified == graph)
  }

  @Test func equalNodesAreMergedAndLeavesAreNot() {
    let sum = f(.add, f(.exp, x), f(.exp, x))
    let zeros = f(.subtract, constant(0, .float32, []), constant(-0.0, .float32, []))
    let merged = Graph.snapshot(of: [sum.node, f(.multiply, x, y).node, zeros.node]).graph.simplified()
    #expect(
      merged.description == """
        %0 = buffer : float32[2, 3]
        %1 = exp %0 : float32[2, 3]
        %2 = add %1 %1 : float32[2, 3]
        %3 = buffer : float32[2, 3]
        %4 = multiply %0 %3 : float32[2, 3]
        %5 = constant(0.0) : float32[]
        return %2, %4, %5
        """)
  }

  @Test func scalarArithmeticOnArgumentsIsDoneOnce() {
    func full(_ x: Tensor) -> Tensor { wide(Primitive.reshape(x, to: [1, 1])) }
    let rate = Primitive.argument(.real(0.1), .float32)
    let scale = f(.divide, f(.negate, full(rate)), f(.add, full(scalar), constant(1)))
    let graph = Graph.snapshot(of: [f(.multiply, x, scale).node]).graph.simplified()
    #expect(graph.nodes.filter { $0.shape == [2, 3] && $0.op.isElementwise }.count == 1)
    #expect(graph.nodes.filter { $0.op == .expand }.count == 1)
  }

  @Test func simplifyingIsLinear() {
    var y = x
    for _ in 0..<50_000 { y = f(.negate, f(.add, y, constant(-0.0))) }
    let graph = Graph.snapshot(of: [y.node]).graph
    var fired = 0
    #expect(graph.simplified { _ in fired += 1 }.nodes.count == 1)
    #expect(fired == 75_000)
  }

  @Test(arguments: 0..<60) func randomGraphsKeepTheirMeaning(seed: UInt64) throws {
    var generator = GraphGenerator(seed: seed)
    try Self.expectSame(generator.graph(nodes: 60))
  }
}

/// Makes graphs whose arithmetic is exact, so that sums in another order have the same bits.
private struct GraphGenerator {
  private var state: UInt64
  private var tensors: [Tensor] = []

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func number(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }

  mutating func pick<T>(_ choices: [T]) -> T { choices[number(below: choices.count)] }

  mutating func tensor(_ shape: Shape, _ dtype: DType) -> Tensor {
    let alike = tensors.filter { $0.shape == shape && $0.dtype == dtype }
    if !alike.isEmpty, number(below: 4) > 0 { return pick(alike) }
    switch number(below: 5) {
    case 0: return hostLeaf(shape, dtype)
    case 1 where shape == [2, 3]: return wide(tensor(pick([[1, 3], [1, 1], [2, 1]]), dtype))
    case 2 where shape.elementCount == 1: return Primitive.reshape(tensor([], dtype), to: shape)
    default: return constant(pick([-2, -1, -0.0, 0, 1, 2, 4]), dtype, shape)
    }
  }

  mutating func graph(nodes: Int) -> Graph {
    for _ in 0..<nodes { tensors.append(next()) }
    return Graph.snapshot(of: tensors.suffix(8).map(\.node)).graph
  }

  private mutating func next() -> Tensor {
    let dtype = pick([DType.float64, .float64, .int32, .bool])
    let shape: Shape = pick([[2, 3], [2, 3], [1, 3], [], [3, 2]])
    let x = tensor(shape, dtype)
    switch number(below: 12) {
    case 0, 1, 2:
      let ops: [BinaryOp] =
        switch dtype {
        case .float64: [.add, .subtract, .multiply, .maximum, .minimum, .equal, .less]
        case .int32: [.add, .subtract, .multiply, .floorDivide, .remainder, .and, .or, .xor, .shiftRight, .less]
        case .bool, .int8, .uint8, .int16, .uint16, .uint32, .int64, .uint64, .float16, .bfloat16, .float32:
          [.and, .or, .xor, .notEqual, .maximum]
        }
      return f(pick(ops), x, tensor(shape, dtype))
    case 3: return f(pick(dtype == .bool ? [.not] : [.negate, .absolute, .sign]), x)
    case 4: return Primitive.select(tensor(shape, .bool), x, tensor(shape, dtype))
    case 5: return Primitive.cast(x, to: pick([.float64, .int32, .bool]))
    case 6: return Primitive.reshape(x, to: Shape(shape.dimensions.reversed()))
    case 7: return Primitive.permute(x, Array((0..<shape.rank).reversed()))
    case 8:
      let ops: [ReduceOp] = dtype == .bool ? [.maximum, .minimum] : [.sum, .maximum, .minimum]
      guard shape.rank == 2 else { return Primitive.detach(x) }
      return Primitive.reshape(Primitive.reduce(pick(ops), x, axes: [0]), to: [1, shape[1]])
    case 9: return Primitive.slice(x, shape.dimensions.map { AxisRange(start: $0 - 1, step: -1, count: $0) })
    case 10 where shape.rank == 2:
      let padded = Primitive.pad(x, ranges([1, 0], shape.dimensions), to: [shape[0] + 1, shape[1]])
      return Primitive.slice(padded, ranges([number(below: 2), 0], shape.dimensions))
    case 11 where shape.rank == 2:
      let joined = Primitive.concatenate([x, tensor(shape, dtype)], axis: 1)
      return Primitive.slice(joined, ranges([0, 1], shape.dimensions))
    default: return Primitive.bitcast(x, to: dtype == .float64 ? .int64 : dtype)
    }
  }
}
