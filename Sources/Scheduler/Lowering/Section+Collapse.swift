import LazyOps

extension Section {
  /// Makes one range of two neighbouring ones wherever every index expression stays affine: rows and columns that are
  /// only ever used as a position in the whole become that position.
  mutating func collapseRanges() {
    while let (outer, inner) = collapsiblePair(in: grid, stages: stages) {
      let (range, replace) = fuse(outer, inner)
      grid = grid.collapsed(outer, inner, into: range)
      for stage in stages.indices { stages[stage].substitute(replace) }
    }
    for index in stages.indices {
      while let (outer, inner) = collapsiblePair(in: stages[index].spatial, stages: [stages[index]]) {
        let (range, replace) = fuse(outer, inner)
        stages[index].spatial = stages[index].spatial.collapsed(outer, inner, into: range)
        stages[index].substitute(replace)
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
    for (outer, inner) in zip(ranges, ranges.dropFirst()) {
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
    for step in steps {
      guard case .define(_, let instruction) = step else { continue }
      switch instruction {
      case .index(let index): indices.append(index)
      case .load(let place, let mask): indices += place.indices + mask.conditions.map(\.index)
      case .test(let mask): indices += mask.conditions.map(\.index)
      case .constant, .argument, .unary, .binary, .select, .cast, .bitcast: break
      }
    }
    return indices
  }

  /// Replaces index variables throughout.
  mutating func substitute(_ replace: (IndexVariable) -> Index?) {
    steps = steps.map { step in
      guard case .define(let value, let instruction) = step else { return step }
      return .define(value, instruction.map(values: { $0 }, replacing: replace))
    }
    results = results.map { $0.map(values: { $0 }, replacing: replace) }
  }
}
