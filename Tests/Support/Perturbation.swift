package import LazyOps

/// How far rounding may move the elements of a graph's outputs: by trying it out.
///
/// A compiled graph rounds in other places than the evaluator, and a comparison, a division by a small difference or a
/// long chain can make much of it. So where an element differs, the graph is evaluated again several times with every
/// result that is rounded moved a little, each element by an amount of its own. What differs no more than a few times
/// what that moved the element is no fault.
package struct Perturbation {
  /// The outputs of the graph as it is.
  private let expected: [HostArray]
  /// The outputs of each trial; one that throws shows nothing.
  private let trials: [[HostArray]]
  /// Whether the graph stops with an error when its numbers move a little: an index depends on rounding.
  package let isUnstable: Bool

  /// How much further than in the trials an element may move.
  private static let allowance = 16.0
  private static let trialCount = 12

  /// Tries a graph whose outputs are `expected`.
  package init(of graph: Graph, leaves: [HostArray], expected: [HostArray]) {
    self.expected = expected
    var random = SplitMix64(seed: 1)
    let moved = (0..<Perturbation.trialCount).compactMap { _ in
      let (moved, values) = graph.perturbed(leaves, &random)
      return try? moved.evaluate(leaves: values)
    }
    isUnstable = moved.count < Perturbation.trialCount
    trials = moved + [graph.withoutErasedTerms.flatMap { try? $0.evaluate(leaves: leaves) }].compactMap(\.self)
  }

  /// Returns how computed numbers differ from an output by more than rounding explains, or nil.
  package func disagreement(_ computed: HostArray, output: Int, tolerance: Double) -> String? {
    let expected = expected[output]
    guard computed.dtype == expected.dtype, computed.shape == expected.shape else {
      return "\(computed.dtype)\(computed.shape), not \(expected.dtype)\(expected.shape)"
    }
    let (x, y) = (computed.doubles, expected.doubles)
    let moved = trials.map { $0[output].doubles }
    let tolerance = expected.dtype.isFloatingPoint ? tolerance : 0
    for place in y.indices where !agrees(x[place], y[place], moved.lazy.map { $0[place] }, tolerance) {
      return "[\(place)] is \(x[place]), not \(y[place])"
    }
    return nil
  }

  private func agrees(_ x: Double, _ y: Double, _ moved: some Collection<Double>, _ tolerance: Double) -> Bool {
    if x == y || x.isNaN && y.isNaN { return true }
    // A number that rounding makes or keeps from being infinite or no number can be anything.
    if moved.contains(where: { $0.isFinite != y.isFinite || !y.isFinite && !$0.isNaN && $0 != y }) { return true }
    guard x.isFinite, y.isFinite else { return false }
    let distance = moved.reduce(0) { max($0, abs($1 - y)) }
    return abs(x - y) <= tolerance * max(1, abs(y)) + Perturbation.allowance * distance
  }
}

extension Graph {
  /// The graph with 0 for 0 times anything, infinity too; nil where no mask is computed from indices. A kernel may leave
  /// out such terms.
  fileprivate var withoutErasedTerms: Graph? {
    guard nodes.contains(where: { if case .iota = $0.op { true } else { false } }) else { return nil }
    var graph = Graph()
    var numbers: [ID] = []
    func append(_ op: Op, _ sources: [ID], _ shape: Shape, _ dtype: DType) -> ID {
      graph.nodes.append(Vertex(op, sources, shape: shape, dtype: dtype))
      return graph.nodes.count - 1
    }
    for vertex in nodes {
      let (shape, dtype) = (vertex.shape, vertex.dtype)
      let sources = vertex.sources.map { numbers[$0] }
      var number = append(vertex.op, sources, shape, dtype)
      if vertex.op == .binary(.multiply), dtype.isFloatingPoint {
        let zero = append(.constant(.real(0)), [], shape, dtype)
        for source in sources {
          let isZero = append(.binary(.equal), [source, zero], shape, .bool)
          number = append(.select, [isZero, zero, number], shape, dtype)
        }
      }
      numbers.append(number)
    }
    (graph.outputs, graph.limits) = (outputs.map { numbers[$0] }, limits)
    return graph
  }

  /// Returns the graph with every result that is rounded, and every term of a sum, multiplied by numbers next to 1; and
  /// the values of its leaves.
  fileprivate func perturbed(_ leaves: [HostArray], _ random: inout SplitMix64) -> (Graph, [HostArray]) {
    var graph = Graph()
    var values: [HostArray] = []
    var unbound = leaves.makeIterator()
    var numbers: [ID] = []

    func noisy(_ id: ID) -> ID {
      let vertex = graph.nodes[id]
      let unit = vertex.dtype.spacing
      let factors = (0..<vertex.shape.elementCount).map { _ in
        1 + Double(Int.random(in: -2...2, using: &random)) * unit
      }
      values.append(HostArray(factors, vertex.shape, vertex.dtype))
      graph.nodes.append(Vertex(.buffer, [], shape: vertex.shape, dtype: vertex.dtype))
      graph.nodes.append(
        Vertex(.binary(.multiply), [id, graph.nodes.count - 1], shape: vertex.shape, dtype: vertex.dtype))
      return graph.nodes.count - 1
    }

    for vertex in nodes {
      var vertex = vertex
      vertex.sources = vertex.sources.map { numbers[$0] }
      if vertex.isLeaf { values.append(unbound.next()!) }
      let isRounded = vertex.dtype.isFloatingPoint && vertex.op.rounds
      if isRounded, let terms = vertex.op.summedSource {
        vertex.sources[terms] = noisy(vertex.sources[terms])
      }
      graph.nodes.append(vertex)
      numbers.append(isRounded ? noisy(graph.nodes.count - 1) : graph.nodes.count - 1)
    }
    graph.outputs = outputs.map { numbers[$0] }
    return (graph, values)
  }
}

extension DType {
  /// The distance of the numbers next to 1 in a floating-point type.
  fileprivate var spacing: Double {
    func isHeld(_ number: Double) -> Bool { Scalar.real(number).cast(to: self).double == number }
    var spacing = 1.0
    while isHeld(1 + spacing / 2), spacing > 0x1p-52 { spacing /= 2 }
    return spacing
  }
}

extension Op {
  /// Whether results in floating point are rounded.
  fileprivate var rounds: Bool {
    switch self {
    case .unary(let op):
      switch op {
      case .negate, .absolute, .sign, .not, .floor, .ceiling, .round, .truncate: false
      case .sqrt, .reciprocal, .exp, .exp2, .expm1, .log, .log2, .log1p, .sin, .cos, .tan, .tanh, .erf: true
      }
    case .binary(let op):
      switch op {
      case .add, .subtract, .multiply, .divide, .remainder, .power: true
      case .floorDivide, .maximum, .minimum, .equal, .notEqual, .less, .lessEqual, .and, .or, .xor, .shiftLeft,
        .shiftRight:
        false
      }
    case .reduce(let op, _), .scan(let op, _): op == .sum || op == .product
    case .cast, .overlapAdd, .scatterAdd: true
    case .buffer, .constant, .argument, .length, .iota, .select, .bitcast, .detach, .barrier, .reshape, .permute,
      .expand,
      .slice, .pad,
      .window, .concatenate, .gather, .put, .update, .radixPass:
      false
    }
  }

  /// The source whose elements are added up: what they lose depends on their size, not on that of the sum.
  fileprivate var summedSource: Int? {
    switch self {
    case .reduce, .scan, .overlapAdd: 0
    case .scatterAdd: 2
    case .buffer, .constant, .argument, .length, .iota, .unary, .binary, .select, .cast, .bitcast, .detach, .barrier,
      .reshape,
      .permute, .expand, .slice, .pad, .window, .concatenate, .gather, .put, .update, .radixPass:
      nil
    }
  }
}
