import LazyOps

extension Section {
  /// Joins neighbouring stages that run over the same ranges into one pass: `exp(x - m)` and its sum, a mean and a
  /// mean of squares.
  mutating func merge() {
    var merged: [Stage] = []
    for stage in stages {
      if let last = merged.last, let both = last.merged(with: stage) {
        merged[merged.count - 1] = both
      } else {
        merged.append(stage)
      }
    }
    stages = merged
  }
}

extension Stage {
  /// Returns one stage that does what this one and `next` do after each other, or nil where their ranges differ or
  /// `next` needs what this one has only at the end.
  func merged(with next: Stage) -> Stage? {
    guard !loops.isEmpty, loops.map(\.extent) == next.loops.map(\.extent), !isOrdered, !next.isOrdered,
      // Each sum of products is tiled on its own.
      !(isSumOfProducts && next.isSumOfProducts)
    else { return nil }
    // If both reduce, over the same ranges; a stage that only stores can run in either kind.
    guard reduced.isEmpty || next.reduced.isEmpty || reduced.count == next.reduced.count else { return nil }
    let renamed = Dictionary(uniqueKeysWithValues: zip(next.loops, loops))
    let rename = { (variable: IndexVariable) in renamed[variable].map { Index.variable($0) } }

    var both = self
    both.reduced = Array(loops.suffix(Swift.max(reduced.count, next.reduced.count)))
    both.spatial = Array(loops.dropLast(both.reduced.count))
    both.ends = ends.filter { range, end in next.ends.contains { renamed[$0] == range && $1 == end } }
    // A reduction's place must not name a range that the merged stage reduces over.
    for result in results + next.results {
      guard case .reduce(_, _, let place) = result else { continue }
      let named = place.substituting(rename).indices
      if both.reduced.contains(where: { range in named.contains { $0.contains(range.id) } }) { return nil }
    }
    var values: [Value] = []
    for (value, dtype) in next.values.enumerated() {
      values.append(both.values.count)
      both.values.append(dtype)
      guard let instruction = next.instruction(of: value) else { return nil }
      if case .load(let place, let mask) = instruction, let written = writtenValue(at: place.substituting(rename)) {
        guard let written, mask == .always else { return nil }
        both.values.removeLast()
        values[value] = written
      }
    }
    for step in next.steps {
      switch step {
      case .define(let value, let instruction):
        if values[value] < self.values.count { continue }  // read from this stage's own value
        both.steps.append(.define(values[value], instruction.map(values: { values[$0] }, replacing: rename)))
      case .bind(let variable, let value): both.steps.append(.bind(variable, values[value]))
      }
    }
    both.results += next.results.map { $0.map(values: { values[$0] }, replacing: rename) }
    return both
  }

  /// Whether the stage computes many sums of products, over its own range or a range of the grid.
  private var isSumOfProducts: Bool {
    guard results.count == 1 else { return false }
    let sum: Value
    switch results[0] {
    case .reduce(.sum, let value, _) where !spatial.isEmpty: sum = value
    case .store(let place, let value) where spatial.count > 1:
      guard case .binary(.add, let earlier, let term)? = instruction(of: value),
        case .load(place, _)? = instruction(of: earlier)
      else { return false }
      sum = term
    case .store, .reduce, .scan, .add, .put: return false
    }
    guard case .binary(.multiply, let a, let b)? = instruction(of: sum) else { return false }
    // One factor is used for more than one result.
    return [a, b].contains { factor in
      let ranges = variables(of: factor)
      return spatial.contains { !ranges.contains($0) }
    }
  }

  /// The ranges that a value depends on.
  private func variables(of value: Value) -> Set<IndexVariable> {
    var needed: Set<Value> = [value]
    var found: Set<IndexVariable> = []
    for case .define(let value, let instruction) in steps.reversed() where needed.contains(value) {
      needed.formUnion(instruction.operands)
      for index in instruction.indices { found.formUnion(index.variables) }
    }
    return found
  }

  private var isOrdered: Bool { results.contains(where: \.isOrdered) }

  /// The instruction that a value is defined by; nil where it is bound or not there.
  func instruction(of value: Value) -> Instruction? {
    for case .define(value, let instruction) in steps { return instruction }
    return nil
  }

  /// What this stage leaves at a place `next` reads: nil if it writes nothing there, the value if it is the one of
  /// the same turn, `.some(nil)` if it is another turn's.
  private func writtenValue(at place: Place) -> Value?? {
    for result in results where result.place.isSameArray(as: place) {
      if case .store(let written, let value) = result, written == place { return .some(value) }
      return .some(nil)
    }
    return nil
  }
}
