import LazyOps
import LazyScheduler

extension Section {
  /// Returns the section with ranges that end at run-time lengths where the masks of these leave nothing to do beyond, and
  /// without the tests of what then always holds.
  func cutAtLengths() -> Section {
    if lengths.isEmpty { return self }
    let erased = ErasedRanges(self)
    let variables = Set(lengths.map(\.variable))
    var section = self
    for (position, condition) in erased.conditions.enumerated() {
      var stage = stages[position]
      if let condition, let range = stage.loops.first(where: { condition.index.contains($0.id) }),
        let end = condition.end(of: range, among: variables)
      {
        stage.ends[range] = Index(end)
      }
      for (range, end) in stage.ends.merging(ends, uniquingKeysWith: { own, _ in own }) {
        stage = stage.knowing(Condition(Index(range) - end, in: Int.min..<0))
      }
      section.stages[position] = stage
    }
    return section
  }
}

extension Condition {
  /// The length that a range stays below, where that is all the condition says.
  fileprivate func end(of range: IndexVariable, among lengths: Set<IndexVariable>) -> IndexVariable? {
    lengths.first { length in
      length.bounds.upperBound <= range.extent && self == Condition(Index(range) - Index(length), in: Int.min..<0)
    }
  }
}
extension Stage {
  /// How many values of a range, from the first on, there is something to do for.
  func count(of range: IndexVariable) -> Index { ends[range] ?? .constant(range.extent) }

  /// Returns the stage where a condition holds: nothing tests it, and what is chosen where it does not hold is gone.
  fileprivate func knowing(_ condition: Condition) -> Stage {
    var stage = self
    var certain: Set<Value> = []
    var same: [Value: Value] = [:]
    func known(_ value: Value) -> Value { same[value] ?? value }
    stage.steps = steps.compactMap { step in
      switch step {
      case .define(let value, .test(let mask)):
        let rest = Mask(mask.conditions.filter { $0 != condition })
        if rest.isAlways { certain.insert(value) }
        return .define(value, rest.isAlways ? .constant(.integer(1)) : .test(rest))
      case .define(let value, .select(let test, let a, _)) where certain.contains(known(test)):
        same[value] = known(a)
        return nil
      case .define(let value, .load(let place, let mask)):
        return .define(value, .load(place, Mask(mask.conditions.filter { $0 != condition })))
      case .define(let value, let instruction):
        return .define(value, instruction.map(values: known, replacing: { _ in nil }))
      case .bind(let variable, let value): return .bind(variable, known(value))
      }
    }
    stage.results = results.map { $0.map(values: known, replacing: { _ in nil }) }
    return stage
  }
}
