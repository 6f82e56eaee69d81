import LazyOps

extension Section {
  /// Makes one range of two neighbouring ones wherever every index expression stays affine: rows and columns that are
  /// only ever used as a position in the whole become that position.
  mutating func collapseRanges() {
    while let (outer, inner) = collapsiblePair(in: grid, stages: stages) {
      let (range, replace) = fuse(outer, inner)
      ends[range] = ends.removeValue(forKey: outer).map { $0 * inner.extent }
      grid = grid.collapsed(outer, inner, into: range)
      for stage in stages.indices { stages[stage].substitute(replace) }
    }
    for index in stages.indices {
      while let (outer, inner) = collapsiblePair(in: stages[index].spatial, stages: [stages[index]]) {
        let (range, replace) = fuse(outer, inner)
        let end = stages[index].ends[outer].map { $0 * inner.extent }
        stages[index].spatial = stages[index].spatial.collapsed(outer, inner, into: range)
        stages[index].substitute(replace)
        stages[index].ends[range] = end
      }
      while let (outer, inner) = collapsiblePair(in: stages[index].reduced, stages: [stages[index]]) {
        let (range, replace) = fuse(outer, inner)
        stages[index].reduced = stages[index].reduced.collapsed(outer, inner, into: range)
        stages[index].substitute(replace)
      }
    }
  }

  /// Gives each stage ranges of its own: members of one section may have run with the same ones.
  mutating func separateRanges() {
    for stage in stages.indices {
      var renamed: [IndexVariable: IndexVariable] = [:]
      for range in stages[stage].loops {
        renamed[range] = IndexVariable(id: nextVariable, extent: range.extent)
        nextVariable += 1
      }
      stages[stage].spatial = stages[stage].spatial.map { renamed[$0]! }
      stages[stage].reduced = stages[stage].reduced.map { renamed[$0]! }
      stages[stage].substitute { renamed[$0].map { .variable($0) } }
    }
  }

  private func collapsiblePair(
    in ranges: [IndexVariable], stages: [Stage]
  ) -> (outer: IndexVariable, inner: IndexVariable)? {
    for (outer, inner) in zip(ranges, ranges.dropFirst()) where ends[inner] == nil {
      if stages.contains(where: { $0.ends[inner] != nil }) { continue }
      let agrees = stages.allSatisfy { stage in
        stage.indices.allSatisfy { index in
          guard let a = index.coefficient(of: outer.id), let b = index.coefficient(of: inner.id) else { return false }
          return a == b * inner.extent
        }
      }
      if agrees { return (outer, inner) }
    }
    return nil
  }

  private mutating func fuse(
    _ outer: IndexVariable, _ inner: IndexVariable
  ) -> (IndexVariable, (IndexVariable) -> Index?) {
    let fused = IndexVariable(id: nextVariable, extent: outer.extent * inner.extent)
    nextVariable += 1
    return (
      fused,
      { variable in
        if variable == outer { return Index.variable(fused).floorDivide(by: inner.extent) }
        return variable == inner ? Index.variable(fused).modulo(inner.extent) : nil
      }
    )
  }
}

extension [IndexVariable] {
  fileprivate func collapsed(_ outer: Element, _ inner: Element, into range: Element) -> [Element] {
    compactMap { $0 == outer ? range : $0 == inner ? nil : $0 }
  }
}

extension Stage {
  /// Every index expression in the stage.
  var indices: [Index] {
    var indices = results.flatMap(\.place.indices)
    for case .define(_, let instruction) in steps { indices += instruction.indices }
    return indices
  }

  /// Replaces index variables throughout.
  mutating func substitute(_ replace: (IndexVariable) -> Index?) {
    steps = steps.map { step in
      guard case .define(let value, let instruction) = step else { return step }
      return .define(value, instruction.map(values: { $0 }, replacing: replace))
    }
    results = results.map { $0.map(values: { $0 }, replacing: replace) }
    var moved: [IndexVariable: Index] = [:]
    for (range, end) in ends {
      // What a range has become that is no range does not end there.
      if let range = replace(range) == nil ? range : replace(range)?.asVariable {
        moved[range] = end.substituting(replace)
      }
    }
    ends = moved
  }
}

extension Instruction {
  /// Every index expression in the instruction.
  var indices: [Index] {
    switch self {
    case .index(let index): [index]
    case .load(let place, let mask): place.indices + mask.conditions.map(\.index)
    case .test(let mask): mask.conditions.map(\.index)
    case .constant, .argument, .unary, .binary, .select, .cast, .bitcast: []
    }
  }
}
