import LazyOps

extension Section {
  /// Lets a scratch array take the place of another one whose elements are read for the last time where its own are
  /// written: scores, their exponentials and the weights made of them are one array.
  mutating func shareScratch() {
    dropUnreadScratch()
    for position in stages.indices {
      for result in stages[position].results {
        guard case .store(.local(let written, let index), _) = result,
          let old = replaceable(by: written, at: index, in: position)
        else { continue }
        for stage in stages.indices {
          stages[stage].replacePlaces { place in
            guard case .local(written, let indices) = place else { return place }
            return .local(old, indices)
          }
        }
      }
    }
    dropUnusedScratch()
  }

  /// Leaves out what is stored in scratch that nothing reads any more: a stage that was joined with the one before has
  /// the value at hand.
  private mutating func dropUnreadScratch() {
    let read = Set(scratch.indices.filter { local in stages.contains { !$0.loads(of: local).isEmpty } })
    for stage in stages.indices {
      stages[stage].results.removeAll {
        if case .local(let local, _) = $0.place { !read.contains(local) } else { false }
      }
    }
    stages.removeAll { $0.results.isEmpty }
  }

  /// The array that a stage reads for the last time, each element in the turn that writes the one of `written` at the
  /// same index; nil where there is none.
  private func replaceable(by written: Int, at index: [Index], in position: Int) -> Int? {
    let stage = stages[position]
    // Every turn of the stage writes an element of its own.
    guard let flat = index.first, flat.variables == Set(stage.loops), isInjective(flat, over: stage.loops),
      stages[..<position].allSatisfy({ !$0.touches(written) }),
      stage.results.filter({ $0.place.isSameArray(as: .local(written, [])) }).count == 1,
      stage.loads(of: written).isEmpty
    else { return nil }
    return scratch.indices.first { old in
      let loads = stage.loads(of: old)
      return old != written && scratch[old] == scratch[written] && !loads.isEmpty && loads.allSatisfy { $0 == index }
        && !stage.results.contains { $0.place.isSameArray(as: .local(old, [])) }
        && stages[(position + 1)...].allSatisfy { !$0.touches(old) }
    }
  }

  /// Whether an index has another value in every turn of the loops over some ranges.
  private func isInjective(_ index: Index, over ranges: [IndexVariable]) -> Bool {
    var covered = 1
    for range in ranges.sorted(by: { index.coefficient(of: $0.id) ?? 0 < index.coefficient(of: $1.id) ?? 0 }) {
      guard let stride = index.coefficient(of: range.id), stride >= covered else { return false }
      covered = stride * range.extent
    }
    return true
  }

  private mutating func dropUnusedScratch() {
    let used = scratch.indices.filter { local in stages.contains { $0.touches(local) } }
    let numbers = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($0.element, $0.offset) })
    scratch = used.map { scratch[$0] }
    for stage in stages.indices {
      stages[stage].replacePlaces { place in
        guard case .local(let local, let indices) = place else { return place }
        return .local(numbers[local]!, indices)
      }
    }
  }
}

extension Stage {
  /// The indices at which the stage reads a scratch array.
  fileprivate func loads(of local: Int) -> [[Index]] {
    steps.compactMap { step in
      if case .define(_, .load(.local(local, let indices), _)) = step { indices } else { nil }
    }
  }

  /// Whether the stage reads or writes a scratch array.
  fileprivate func touches(_ local: Int) -> Bool {
    !loads(of: local).isEmpty || results.contains { $0.place.isSameArray(as: .local(local, [])) }
  }
}
