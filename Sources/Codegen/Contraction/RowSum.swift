import LazyOps
import LazyScheduler

/// A stage that at each point of a range of the grid adds something to its results, which start with what the first
/// point gives: sums over that range.
struct RowSum {
  let rows: IndexVariable
  /// What is added.
  let term: Value
  /// The results.
  let place: Place
  /// The stage that reduces over the range instead.
  let reduction: Stage
}

extension Stage {
  /// The stage as a sum over a range of the grid; nil where it is none.
  ///
  ///     earlier = load(place, where rows >= 1); place = earlier + term
  var rowSum: RowSum? {
    guard results.count == 1, case .store(let place, let sum) = results[0], case .buffer = place,
      case .binary(.add, let earlier, let term)? = instruction(of: sum),
      case .load(place, let mask)? = instruction(of: earlier), mask.conditions.count == 1,
      let rows = mask.conditions[0].index.asVariable, mask.conditions[0].range.lowerBound == 1,
      !mask.conditions[0].boundsAbove, !place.indices.contains(where: { $0.contains(rows.id) })
    else { return nil }
    var reduction = self
    reduction.reduced = [rows]
    reduction.results = [.reduce(.sum, term, place)]
    reduction.steps.removeAll {
      if case .define(let value, _) = $0 { value == sum || value == earlier } else { false }
    }
    return RowSum(rows: rows, term: term, place: place, reduction: reduction)
  }

  private func instruction(of value: Value) -> Instruction? {
    for case .define(value, let instruction) in steps { return instruction }
    return nil
  }
}
