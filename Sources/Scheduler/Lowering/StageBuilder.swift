import LazyOps

/// Writes the value of a graph node at symbolic indices as numbered instructions, inlining whatever has no home.
///
/// Each value is computed once for the same node, indices and mask: a shared subexpression is shared in the stage.
struct StageBuilder {
  /// Where a section finds values that have a home.
  struct Homes {
    /// The place of the node's element at the indices, or nil for a node that is computed inline.
    var place: (Graph.ID, [Index]) -> Place?
    /// The section's number for an argument node.
    var argument: (Graph.ID) -> Int
    /// The variable that stands for a length.
    var length: (Graph.ID) -> IndexVariable
  }

  let graph: Graph
  let homes: Homes
  /// The ranges of the grid that some reductions run over.
  private let rows: [Graph.ID: IndexVariable]
  private(set) var steps: [Stage.Step] = []
  private(set) var values: [DType] = []
  var nextVariable: Int
  /// The ranges of sums that are part of the stage's own.
  private(set) var summed: [IndexVariable] = []
  private var known: [Key: Value] = [:]
  private var bound: [Value: IndexVariable] = [:]
  /// Variables that stand for masked positions, and the expressions they stand for.
  private var standIns: [StandIn: IndexVariable] = [:]
  private var meanings: [IndexVariable: Index] = [:]
  private var instructions: [Instruction] = []

  private struct Key: Hashable {
    let node: Graph.ID
    let indices: [Index]
    let mask: Mask
  }

  private struct StandIn: Hashable {
    let position: Index
    let count: Int
  }

  init(graph: Graph, homes: Homes, rows: [Graph.ID: IndexVariable] = [:], nextVariable: Int) {
    self.graph = graph
    self.rows = rows
    self.homes = homes
    self.nextVariable = nextVariable
  }

  /// Makes an index variable of this stage's own.
  mutating func makeIndex(extent: Int) -> Index {
    guard extent > 1 else { return .constant(0) }
    defer { nextVariable += 1 }
    return .variable(IndexVariable(id: nextVariable, extent: extent))
  }

  /// Returns the number of the value of `id` at `indices`. Where `mask` does not hold nothing is read and the value is
  /// of no interest.
  mutating func value(of id: Graph.ID, at indices: [Index], mask: Mask = .always) -> Value {
    let key = Key(node: id, indices: indices, mask: mask)
    if let value = known[key] { return value }
    let node = graph.nodes[id]
    let value: Value
    if mask.isNever {
      value = zero(node.dtype)
    } else if let place = homes.place(id, indices) {
      value = define(.load(place, mask), node.dtype)
    } else {
      value = inline(id, at: indices, mask: mask)
    }
    known[key] = value
    return value
  }

  /// Returns the number of the value of node `id` at `indices`, computed here even if it has a home.
  mutating func inline(_ id: Graph.ID, at indices: [Index], mask: Mask = .always) -> Value {
    let node = graph.nodes[id]
    func shape(_ source: Int) -> Shape { graph.nodes[node.sources[source]].shape }
    switch node.op {
    case .buffer, .scan, .radixPass, .scatterAdd, .put:
      preconditionFailure("bug: \(graph.label(id)) has no home")
    // Where these have no home they are part of the sum that the stage is.
    case .reduce(_, let axes): return value(of: node.sources[0], at: sumIndices(of: id, axes, at: indices), mask: mask)
    case .overlapAdd(let geometry):
      let moved = overlapping(geometry, at: indices, source: shape(0))
      return masked(node.sources[0], at: moved.indices, inside: moved.mask, mask: mask)
    case .constant(let scalar): return define(.constant(scalar.cast(to: node.dtype)), node.dtype)
    case .argument: return define(.argument(homes.argument(id)), node.dtype)
    case .length: return define(.index(.variable(homes.length(id))), node.dtype)
    case .iota(let axis): return define(.index(indices[axis]), node.dtype)
    case .unary(let op): return define(.unary(op, value(of: node.sources[0], at: indices, mask: mask)), node.dtype)
    case .binary(let op):
      let a = value(of: node.sources[0], at: indices, mask: mask)
      let b = value(of: node.sources[1], at: indices, mask: mask)
      if let test = comparison(op, a, b) { return define(.test(test), .bool) }
      return define(.binary(op, a, b), node.dtype)
    case .select:
      let operands = node.sources.map { value(of: $0, at: indices, mask: mask) }
      return define(.select(operands[0], operands[1], operands[2]), node.dtype)
    case .cast: return define(.cast(value(of: node.sources[0], at: indices, mask: mask)), node.dtype)
    case .bitcast: return define(.bitcast(value(of: node.sources[0], at: indices, mask: mask)), node.dtype)
    case .detach, .barrier, .reshape, .permute, .expand, .slice, .window, .pad:
      let source = shape(0)
      let moved = SourceIndices(node.op, at: indices, result: node.shape, source: source) { bounded($0, $1) }!
      return masked(node.sources[0], at: moved.indices, inside: moved.mask, mask: mask)
    case .concatenate(let axis): return concatenated(node, axis, at: indices, mask: mask)
    case .gather(let axis): return gathered(id, axis, at: indices, mask: mask)
    case .update(let ranges):
      let inside = SourceIndices(inside: ranges, at: indices, of: node.shape) { bounded($0, $1) }
      let written = value(of: node.sources[1], at: inside.indices, mask: mask.and(inside.mask))
      if inside.mask == .always { return written }
      let kept = value(of: node.sources[0], at: indices, mask: mask)
      return define(.select(define(.test(inside.mask), .bool), written, kept), node.dtype)
    }
  }

  /// Opens ranges for the axes a reduction combines over, if it does not run over the grid's, and returns the indices
  /// into its source.
  mutating func sumIndices(of id: Graph.ID, _ axes: [Int], at indices: [Index]) -> [Index] {
    let shape = graph.nodes[graph.nodes[id].sources[0]].shape
    var kept = indices.makeIterator()
    return (0..<shape.rank).map { axis in
      guard axes.contains(axis) else { return kept.next()! }
      if let range = rows[id] { return .variable(range) }
      let index = makeIndex(extent: shape[axis])
      if let range = index.asVariable { summed.append(range) }
      return index
    }
  }

  /// Opens a range for the windows that an element lies in, and returns where in the source it reads them.
  mutating func overlapping(_ geometry: WindowGeometry, at indices: [Index], source: Shape) -> SourceIndices {
    let turn = makeIndex(extent: SourceIndices.turns(of: geometry))
    if let range = turn.asVariable { summed.append(range) }
    return SourceIndices(overlapping: geometry, at: indices, turn: turn, source: source) { bounded($0, $1) }
  }

  /// The source's element where `inside` holds, else zero.
  mutating func masked(_ source: Graph.ID, at indices: [Index], inside: Mask, mask: Mask) -> Value {
    let both = mask.and(inside)
    let dtype = graph.nodes[source].dtype
    if both.isNever { return zero(dtype) }
    let value = value(of: source, at: indices, mask: both)
    if inside == .always { return value }
    if case .load(_, both) = instructions[value] { return value }  // zero outside already
    return define(.select(define(.test(inside), .bool), value, zero(dtype)), dtype)
  }

  private mutating func gathered(_ id: Graph.ID, _ axis: Int, at indices: [Index], mask: Mask) -> Value {
    let node = graph.nodes[id]
    let (data, source) = (graph.nodes[node.sources[0]], node.sources[1])
    let dtype = graph.nodes[source].dtype
    guard data.shape[axis] > 0 else {
      // No index is valid: one that is sure to fail its check reports that.
      _ = bind(define(.constant(.integer(-1)), .int64), extent: 1)
      return zero(node.dtype)
    }
    var index = value(of: source, at: indices, mask: mask)
    if mask != .always { index = define(.select(define(.test(mask), .bool), index, zero(dtype)), dtype) }
    var moved = indices
    moved[axis] = position(index, extent: data.shape[axis])
    return value(of: node.sources[0], at: moved, mask: mask)
  }

  private mutating func concatenated(_ node: Graph.Vertex, _ axis: Int, at indices: [Index], mask: Mask) -> Value {
    var end = node.shape[axis]
    var result: Value?
    // From the last piece to the first, so that each test is against one bound.
    for source in node.sources.reversed() {
      let start = end - graph.nodes[source].shape[axis]
      if start == end { continue }
      let inside = Mask(indices[axis], in: start..<end)
      var moved = indices
      moved[axis] = bounded(indices[axis] - start, end - start)
      let piece = value(of: source, at: moved, mask: mask.and(inside))
      if let rest = result {
        let test = define(.test(Mask(indices[axis], in: 0..<end)), .bool)
        result = define(.select(test, piece, rest), node.dtype)
      } else {
        result = piece
      }
      end = start
    }
    return result ?? zero(node.dtype)
  }

  /// Returns a variable that stands for a position where a mask keeps it below `count`; see `SourceIndices`.
  mutating func bounded(_ position: Index, _ count: Int) -> Index {
    let bounds = position.bounds
    if count == 0 || bounds.lowerBound >= 0 && bounds.upperBound < count { return position }
    if count == 1 { return .constant(0) }
    let standIn = StandIn(position: position, count: count)
    if let variable = standIns[standIn] { return .variable(variable) }
    let variable = IndexVariable(id: nextVariable, extent: count)
    nextVariable += 1
    standIns[standIn] = variable
    meanings[variable] = position.substituting { meanings[$0] }
    return .variable(variable)
  }

  // MARK: - Comparisons of indices

  /// The mask that a binary op on indices tests, or on such tests; nil where it is something else.
  private func comparison(_ op: BinaryOp, _ a: Value, _ b: Value) -> Mask? {
    if op == .and, case .test(let first) = instructions[a], case .test(let second) = instructions[b] {
      return first.and(second)
    }
    guard op.isComparison, let x = index(a), let y = index(b), !(x - y).variables.isEmpty else { return nil }
    switch op {
    case .equal: return Mask(x - y, in: 0..<1)
    case .less: return Mask(x - y, in: Int.min..<0)
    case .lessEqual: return Mask(x - y, in: Int.min..<1)
    case .notEqual, .add, .subtract, .multiply, .divide, .floorDivide, .remainder, .power, .maximum, .minimum, .and,
      .or, .xor, .shiftLeft, .shiftRight:
      return nil
    }
  }

  /// The index expression whose number a value is, exactly; nil where it is something else.
  private func index(_ value: Value) -> Index? {
    let result: Index?
    switch instructions[value] {
    case .index(let index): result = index
    case .constant(.integer(let number)): result = Int(exactly: number).map { .constant($0) }
    case .cast(let a): result = index(a)
    case .binary(.add, let a, let b): result = index(a).flatMap { a in index(b).map { a + $0 } }
    case .binary(.subtract, let a, let b): result = index(a).flatMap { a in index(b).map { a - $0 } }
    case .constant, .argument, .load, .unary, .binary, .select, .bitcast, .test: result = nil
    }
    guard let result, let limit = values[value].largestIndex, result.bounds.lowerBound >= -limit,
      result.bounds.upperBound <= limit
    else { return nil }
    return result
  }

  /// The steps, with stand-ins replaced by what they stand for.
  var finishedSteps: [Stage.Step] {
    guard !meanings.isEmpty else { return steps }
    return steps.map { step in
      guard case .define(let value, let instruction) = step else { return step }
      return .define(value, instruction.map(values: { $0 }, replacing: { meanings[$0] }))
    }
  }

  private mutating func zero(_ dtype: DType) -> Value { define(.constant(Scalar.integer(0).cast(to: dtype)), dtype) }

  /// Returns the index that an integer value is: what is known to be one of an axis of `extent`, or a variable.
  mutating func position(_ value: Value, extent: Int) -> Index {
    if let index = index(value), index.bounds.lowerBound >= 0, index.bounds.upperBound < extent { return index }
    return .variable(bind(value, extent: extent))
  }

  /// Makes an index variable of an integer value, checked against `extent` when the section runs.
  mutating func bind(_ value: Value, extent: Int) -> IndexVariable {
    if let variable = bound[value], variable.extent == extent { return variable }
    let variable = IndexVariable(id: nextVariable, extent: extent)
    nextVariable += 1
    bound[value] = variable
    steps.append(.bind(variable, value))
    return variable
  }

  /// Defines a value.
  mutating func define(_ instruction: Instruction, _ dtype: DType) -> Value {
    steps.append(.define(values.count, instruction))
    instructions.append(instruction)
    values.append(dtype)
    return values.count - 1
  }
}

extension DType {
  /// The number up to which all integers of both signs are exact, or nil for a type that is not counted with.
  fileprivate var largestIndex: Int? {
    switch self {
    case .int32: 1 << 30
    case .int64, .float64: 1 << 52
    case .float32: 1 << 24
    case .bool, .int8, .int16, .uint8, .uint16, .uint32, .uint64, .float16, .bfloat16: nil
    }
  }
}
