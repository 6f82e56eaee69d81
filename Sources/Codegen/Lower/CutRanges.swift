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
    func without(_ mask: Mask) -> Mask { Mask(mask.conditions.filter { $0 != condition }) }
    var stage = self
    stage.steps = steps.map { step in
      switch step {
      case .define(let value, .test(let mask)): .define(value, .test(without(mask)))
      case .define(let value, .load(let place, let mask)): .define(value, .load(place, without(mask)))
      case .define, .bind: step
      }
    }
    stage.chooseWhatIsCertain()
    return stage
  }
}
