package import LazyOps
package import LazyScheduler

extension LoopProgram {
  /// What a section reports of an index that names no element; the evaluator finds out which one it was.
  static let indexFailure = 1

  /// Writes a section of a schedule as plain serial loops: grid loops outside, then stage after stage.
  ///
  /// The grid's loops stand in the order given by `grid`, the section's own if nil: its points are independent.
  package init(_ section: Section, in schedule: Schedule, grid: [IndexVariable]? = nil) {
    let section = section.takingLengths(in: schedule)
    let written = section.writtenBuffers
    self.init(
      name: section.name(in: schedule.graph),
      comment: section.members.map { schedule.graph.label($0) },
      // Numbered in the section, so that equal sections have equal texts.
      buffers: section.buffers.enumerated().map { position, number in
        let buffer = schedule.buffers[number]
        return BufferParameter(
          name: written.contains(number) ? "out\(position)" : "in\(position)", dtype: buffer.dtype,
          count: buffer.shape.elementCount, isWritten: written.contains(number))
      },
      arguments: section.arguments.map { schedule.arguments[$0].dtype },
      lengths: section.lengths.map { LengthParameter(variable: $0.variable, argument: $0.argument) },
      locals: section.scratch.enumerated().map { Local(name: "s\($0)", dtype: $1.dtype, extents: $1.extents) },
      values: [], body: [], nextVariable: section.nextVariable)
    let statements = section.stages.flatMap { lower($0) }
    body = nest(statements, in: grid ?? section.grid, named: "i", endingAt: section.ends)
    removeDeadCode()  // a product that only went into a fused multiply-add is computed there
  }

  /// Wraps statements in serial loops over ranges, outermost first.
  func nest(
    _ statements: [Statement], in ranges: [IndexVariable], named name: String,
    endingAt ends: [IndexVariable: Index] = [:]
  ) -> [Statement] {
    ranges.reversed().reduce(statements) { body, range in
      let count = ends[range] ?? .constant(range.extent)
      return [.loop(Loop(variable: range, name: "\(name)\(range.id)", count: count, body: body))]
    }
  }

  /// Writes a stage as plain serial loops over its ranges.
  mutating func lower(_ stage: Stage) -> [Statement] {
    let first = values.count
    values += stage.values
    var inner: [Statement] = stage.steps.map { step in
      switch step {
      case .define(let value, let instruction):
        .define(value + first, instruction.map(values: { $0 + first }, replacing: { _ in nil }))
      case .bind(let variable, let value): .bind(variable, value + first, failure: LoopProgram.indexFailure)
      }
    }
    var before: [Statement] = []
    var after: [Statement] = []
    for result in stage.results {
      switch result {
      case .store(let place, let value), .put(let place, let value): inner.append(.store(place, value + first))
      case .add(let place, let value): inner.append(.accumulate(place, .sum, value + first))
      case .scan(let op, let value, let place):
        let accumulator = Place.local(locals.count, [])
        let dtype = stage.values[value]
        locals.append(Local(name: "acc\(locals.count)", dtype: dtype))
        before.append(contentsOf: define(.constant(op.identity(dtype)), dtype) { .store(accumulator, $0) })
        inner.append(.accumulate(accumulator, op, value + first))
        inner += define(.load(accumulator, .always), dtype) { _ in nil }
        var result = values.count - 1
        if dtype != self.dtype(of: place) {
          inner += define(.cast(result), self.dtype(of: place)) { _ in nil }
          result += 1
        }
        inner.append(.store(place, result))
      case .reduce(let op, let value, let place):
        let accumulator = Place.local(locals.count, [])
        let dtype = stage.values[value]
        locals.append(Local(name: "acc\(locals.count)", dtype: dtype))
        before.append(contentsOf: define(.constant(op.identity(dtype)), dtype) { .store(accumulator, $0) })
        inner.append(accumulate(op, value + first, into: accumulator, after: inner))
        after.append(contentsOf: define(.load(accumulator, .always), dtype) { .store(place, $0) })
      }
    }
    let sums = nest(inner, in: stage.reduced, named: "k", endingAt: stage.ends)
    return nest(before + sums + after, in: stage.spatial, named: "j", endingAt: stage.ends)
  }

  private mutating func define(
    _ instruction: Instruction, _ dtype: DType, _ use: (Value) -> Statement?
  ) -> [Statement] {
    values.append(dtype)
    return [.define(values.count - 1, instruction)] + [use(values.count - 1)].compactMap { $0 }
  }

  private func dtype(of place: Place) -> DType {
    switch place {
    case .buffer(let buffer, _): buffers[buffer].dtype
    case .local(let local, _): locals[local].dtype
    }
  }

  /// The statement that combines a value into an accumulator: a fused multiply-add where it adds a product.
  private func accumulate(
    _ op: ReduceOp, _ value: Value, into place: Place, after steps: [Statement]
  ) -> Statement {
    if op == .sum, values[value].isFloatingPoint {
      for case .define(value, .binary(.multiply, let a, let b)) in steps { return .multiplyAdd(place, a, b) }
    }
    return .accumulate(place, op, value)
  }
}

extension Section {
  /// The C function's name: the ops it computes and the extents of its grid, then a number that tells sections apart
  /// that share these. Equal sections have equal names.
  func name(in graph: Graph) -> String {
    var words: [String] = []
    for member in members {
      let word = graph.nodes[member].op.word
      if words.last != word { words.append(word) }
    }
    let ops = words.count > 4 ? [words[0], words[1], "to", words[words.count - 1]] : words
    let extents = grid.map { "\($0.extent)" }.joined(separator: "x")
    return ops.joined(separator: "_") + (extents.isEmpty ? "" : "_" + extents)
  }
}

extension Op {
  /// The op as a part of a C name.
  fileprivate var word: String {
    switch self {
    case .buffer: "buffer"
    case .constant: "constant"
    case .argument: "argument"
    case .length: "length"
    case .iota: "iota"
    case .unary(let op): op.rawValue
    case .binary(let op): op.rawValue
    case .select: "select"
    case .cast: "cast"
    case .bitcast: "bitcast"
    case .detach, .barrier, .reshape, .permute, .expand, .slice: "copy"
    case .pad: "pad"
    case .window: "window"
    case .overlapAdd: "overlap"
    case .reduce(let op, _): op.rawValue
    case .concatenate: "concatenate"
    case .gather: "gather"
    case .scatterAdd: "scatter"
    case .put: "put"
    case .scan(let op, _): "scan_\(op.rawValue)"
    case .radixPass: "radix_pass"
    case .update: "update"
    }
  }
}
