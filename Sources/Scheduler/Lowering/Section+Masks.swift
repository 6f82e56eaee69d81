import LazyOps

extension Section {
  /// Leaves out masks that guard nothing: those of loads that may be made anywhere, where what is loaded counts only if
  /// the mask holds, and choices that are always the same. Vector lanes then share what does not move with them.
  ///
  /// - Parameter elements: the number of elements of each buffer of the schedule.
  mutating func dropNeedlessMasks(elements: [Int]) {
    for stage in stages.indices {
      stages[stage].chooseWhatIsCertain()
      let counted = stages[stage].conditionsOfUse
      for (position, step) in stages[stage].steps.enumerated() {
        guard case .define(let value, .load(.buffer(let buffer, let index), let mask)) = step,
          !mask.isAlways, let use = counted[value], index.bounds.lowerBound >= 0,
          index.bounds.upperBound < elements[buffers[buffer]]
        else { continue }
        let needed = Mask(mask.conditions.filter { !use.conditions.contains($0) })
        stages[stage].steps[position] = .define(value, .load(.buffer(buffer, index), needed))
      }
      stages[stage].dropUnusedValues()
    }
  }
}

extension Stage {
  /// For each value the conditions under which it has a part in any result: it is only chosen where they hold.
  fileprivate var conditionsOfUse: [Value: Mask] {
    var tests: [Value: Mask] = [:]
    for case .define(let value, .test(let mask)) in steps { tests[value] = mask }
    var found: [Value: Mask] = [:]
    func note(_ value: Value, _ mask: Mask) {
      found[value] = found[value].map { known in Mask(known.conditions.filter(mask.conditions.contains)) } ?? mask
    }
    for result in results { note(result.value, .always) }
    for step in steps.reversed() {
      switch step {
      case .define(let value, .select(let test, let kept, let other)):
        guard let own = found[value] else { continue }
        note(test, own)
        note(kept, tests[test].map(own.and) ?? own)
        note(other, own)
      case .define(let value, let instruction):
        guard let own = found[value] else { continue }
        for operand in instruction.operands { note(operand, own) }
      case .bind(_, let value): note(value, .always)
      }
    }
    return found
  }

  /// Leaves out tests that always hold, what is chosen where they do not, and choices between true and false.
  package mutating func chooseWhatIsCertain() {
    var certain: Set<Value> = []
    var constants: [Value: Scalar] = [:]
    var same: [Value: Value] = [:]
    func known(_ value: Value) -> Value { same[value] ?? value }
    steps = steps.compactMap { step in
      switch step {
      case .define(let value, .test(let mask)) where mask.isAlways:
        certain.insert(value)
        return .define(value, .constant(.integer(1)))
      case .define(let value, .select(let test, let kept, _)) where certain.contains(known(test)):
        same[value] = known(kept)
        return nil
      case .define(let value, .select(let test, let kept, let other))
      where constants[known(kept)] == .integer(1) && constants[known(other)] == .integer(0) && values[value] == .bool:
        same[value] = known(test)
        return nil
      case .define(let value, .constant(let scalar)):
        constants[value] = scalar
        return step
      case .define(let value, let instruction):
        return .define(value, instruction.map(values: known, replacing: { _ in nil }))
      case .bind(let variable, let value): return .bind(variable, known(value))
      }
    }
    results = results.map { $0.map(values: known, replacing: { _ in nil }) }
  }

  /// Leaves out steps whose values no result is made of.
  fileprivate mutating func dropUnusedValues() {
    var used = Set(results.map(\.value))
    var kept: [Step] = []
    for step in steps.reversed() {
      switch step {
      case .define(let value, let instruction):
        guard used.contains(value) else { continue }
        used.formUnion(instruction.operands)
      case .bind(_, let value): used.insert(value)
      }
      kept.append(step)
    }
    steps = kept.reversed()
  }
}

extension Stage.Result {
  /// The value that is left behind.
  fileprivate var value: Value {
    switch self {
    case .store(_, let value), .reduce(_, let value, _), .scan(_, let value, _), .add(_, let value), .put(_, let value):
      value
    }
  }
}
