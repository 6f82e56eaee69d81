import LazyOps

extension Schedule {
  /// The last kernel in which an index may turn out to be out of range, -1 if there is none. An index that an earlier
  /// kernel has looked at is not counted again: the gradient of a look-up uses those of the look-up.
  var lastCheck: Int {
    var known: [Int: Int] = [:]
    var last = -1
    for (number, kernel) in kernels.enumerated() {
      if kernel.sections.contains(where: { $0.canFail(in: graph, buffers, known: known) }) { last = number }
      for section in kernel.sections {
        for (buffer, extent) in section.checkedBuffers(buffers) {
          known[buffer] = Swift.min(known[buffer] ?? .max, extent)
        }
      }
    }
    return last
  }
}

extension Section {
  /// Whether the section uses an index read from a tensor that is not known to be in range.
  ///
  /// - Parameter known: for buffers all of whose elements have been checked, the extents they are below.
  func canFail(in graph: Graph, _ all: [Buffer], known: [Int: Int] = [:]) -> Bool {
    stages.contains { stage in
      let instructions = stage.instructions
      func isKnown(_ value: Value, below extent: Int) -> Bool {
        if let source = widenedLoad(value, stage, instructions, all), let bound = known[source.buffer], bound <= extent
        {
          return true
        }
        switch instructions[value] {
        case .load(.buffer(let buffer, _), _): return graph.areIndices(all[buffers[buffer]].node, below: extent)
        case .select(_, let a, let b): return isKnown(a, below: extent) && isKnown(b, below: extent)
        case .constant(let scalar): return 0..<Int64(extent) ~= scalar.int64
        case .argument: return true
        case .index(let index): return index.bounds.lowerBound >= 0 && index.bounds.upperBound < extent
        case .load, .unary, .binary, .cast, .bitcast, .test, nil: return false
        }
      }
      for case .bind(let variable, let value) in stage.steps where !isKnown(value, below: variable.extent) {
        return true
      }
      return false
    }
  }

  /// The buffers all of whose elements the section uses as indices, and the extents it checks them against.
  func checkedBuffers(_ all: [Buffer]) -> [(buffer: Int, extent: Int)] {
    stages.flatMap { stage in
      let instructions = stage.instructions
      let ranges = Set(grid + stage.loops)
      return stage.steps.compactMap { step -> (buffer: Int, extent: Int)? in
        guard case .bind(let variable, let value) = step,
          let source = widenedLoad(value, stage, instructions, all), source.mask.isAlways,
          source.index.covers(all[source.buffer].shape.elementCount, by: ranges)
        else { return nil }
        return (source.buffer, variable.extent)
      }
    }
  }

  /// The element that a value is, perhaps as a wider integer; nil where it is something else.
  private func widenedLoad(
    _ value: Value, _ stage: Stage, _ instructions: [Value: Instruction], _ all: [Buffer]
  ) -> (buffer: Int, index: Index, mask: Mask)? {
    switch instructions[value] {
    case .load(.buffer(let buffer, let index), let mask): return (buffers[buffer], index, mask)
    case .cast(let narrow):
      let (from, to) = (stage.values[narrow], stage.values[value])
      guard let old = from.integerWidth, let new = to.integerWidth, old.bits < new.bits, new.isSigned || !old.isSigned
      else { return nil }
      return widenedLoad(narrow, stage, instructions, all)
    case .load, .select, .constant, .argument, .index, .unary, .binary, .bitcast, .test, nil: return nil
    }
  }
}

extension Stage {
  /// How each value comes about.
  fileprivate var instructions: [Value: Instruction] {
    var instructions: [Value: Instruction] = [:]
    for case .define(let value, let instruction) in steps { instructions[value] = instruction }
    return instructions
  }
}

extension Index {
  /// Whether the expression takes all values from 0 to `count` - 1 as `ranges` count: whether it is a position in
  /// row-major order, made of some of them.
  fileprivate func covers(_ count: Int, by ranges: Set<IndexVariable>) -> Bool {
    let terms: [IndexTerm]
    switch self {
    case .constant(let value): return count == 1 && value == 0
    case .variable: terms = [IndexTerm(coefficient: 1, atom: self)]
    case .sum(0, let sum): terms = sum.sorted { $0.coefficient < $1.coefficient }
    case .sum, .floorDivide, .modulo, .minimum, .maximum: return false
    }
    var covered = 1
    for term in terms {
      guard case .variable(let variable) = term.atom, ranges.contains(variable), term.coefficient == covered else {
        return false
      }
      covered *= variable.extent
    }
    return covered == count
  }
}
