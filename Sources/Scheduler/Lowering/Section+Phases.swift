import LazyOps

// The input gradient of a convolution with a stride: which taps of the kernel reach an element depends on its remainder
// by the stride. For all elements of one remainder, a phase, they are the same ones.
extension Section {
  /// Returns sections for parts of the grid that together are this one: one for each phase of the ranges of which the
  /// remainder decides what is summed up. There all indices are affine, and what other phases sum up is left out.
  func phases() -> [Section] {
    guard !hasRowSums else { return [self] }
    var phases = [self]
    for range in grid where ends[range] == nil && isMasked(byRemainderOf: range) {
      guard let count = range.period(in: stages.flatMap(\.indices), upTo: CostModel.digitExtent),
        phases.count * count <= CostModel.phasesPerSection
      else { continue }
      phases = phases.flatMap { section in (0..<count).map { section.phase($0, of: range, count: count) } }
    }
    return phases.count == 1 ? phases : phases.map(\.withoutErasedTurns)
  }

  /// Whether a remainder of the range is part of a condition on what is combined.
  private func isMasked(byRemainderOf range: IndexVariable) -> Bool {
    stages.contains { stage in
      !stage.reduced.isEmpty
        && stage.masks.contains { mask in
          mask.conditions.contains { $0.index.contains(range.id) && $0.index.coefficient(of: range.id) == nil }
        }
    }
  }

  /// The section for the points at which `range` leaves a remainder.
  private func phase(_ remainder: Int, of range: IndexVariable, count: Int) -> Section {
    var section = self
    let turns = IndexVariable(id: nextVariable, extent: (range.extent - remainder).ceilDivided(by: count))
    section.nextVariable += 1
    section.grid = grid.map { $0 == range ? turns : $0 }
    for stage in stages.indices {
      section.stages[stage].substitute { $0 == range ? Index(turns) * count + remainder : nil }
    }
    return section
  }

  private var withoutErasedTurns: Section {
    var section = self
    section.stages = stages.map { $0.withoutErasedTurns(&section.nextVariable) }
    return section
  }
}

extension Stage {
  fileprivate var masks: [Mask] {
    steps.compactMap { step in
      switch step {
      case .define(_, .load(_, let mask)), .define(_, .test(let mask)): mask
      case .define, .bind: nil
      }
    }
  }

  /// Returns the stage without the turns of a sum for which a condition leaves zero.
  fileprivate func withoutErasedTurns(_ nextVariable: inout Int) -> Stage {
    guard results.count == 1, case .reduce(.sum, let value, let place) = results[0] else { return self }
    var stage = self
    for condition in nonzero(value).conditions {
      guard let range = condition.index.asVariable, let position = stage.reduced.firstIndex(of: range),
        ends[range] == nil
      else { continue }
      let rest = IndexVariable(id: nextVariable, extent: condition.range.count)
      let isSingle = rest.extent == 1
      nextVariable += 1
      stage.reduced.replaceSubrange(position...position, with: isSingle ? [] : [rest])
      stage.substitute { $0 == range ? (isSingle ? .constant(0) : Index(rest)) + condition.range.lowerBound : nil }
    }
    if stage.reduced.isEmpty { stage.results = [.store(place, value)] }
    return stage
  }

  /// The conditions outside which a value is zero.
  private func nonzero(_ value: Value) -> Mask {
    switch instruction(of: value) {
    case .load(_, let mask): return mask
    case .select(let test, let kept, let zero):
      guard case .test(let mask)? = instruction(of: test), isZero(zero) else { return .always }
      return mask.and(nonzero(kept))
    case .binary(.multiply, let a, let b): return nonzero(a).and(nonzero(b))
    case .cast(let a): return nonzero(a)
    case .constant, .argument, .index, .test, .unary, .binary, .bitcast, nil: return .always
    }
  }

  private func isZero(_ value: Value) -> Bool {
    guard case .constant(let scalar)? = instruction(of: value) else { return false }
    return scalar.double == 0
  }
}
