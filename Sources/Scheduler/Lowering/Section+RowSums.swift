import LazyOps

extension Section {
  /// Returns one section that does what this one does and adds up the sums of `other` on the way, or nil where there is
  /// none: `other` sums over rows that this one goes along, a chunk for each of its results. Data that both read comes
  /// from memory once, as in a norm's gradients: that of x takes a row at a time, those of weight and bias are sums
  /// over rows.
  ///
  ///     for row < 4096 { ... }    for chunk < 64, column { for row < 64 { s[chunk, column] += ... } }
  ///     ->    for chunk < 64 { for row < 64 { ...; for column { s[chunk, column] += ... } } }
  ///
  /// The grid's ranges inside those of the chunks are gone along in order.
  func addingUp(_ other: Section) -> Section? {
    guard grid.count == 1 || hasRowSums, other.scratch.isEmpty, other.stages.count == 1, other.awaited.isEmpty,
      let stage = other.stages.first, stage.spatial.isEmpty, !stage.reduced.isEmpty,
      !stage.steps.contains(where: { if case .bind = $0 { true } else { false } }),
      stage.results.allSatisfy({ if case .reduce(.sum, _, .buffer) = $0 { true } else { false } }),
      members.count + other.members.count <= CostModel.membersPerSection,
      operationCount + other.operationCount <= CostModel.operationsPerSection,
      let digits = digits(of: other)
    else { return nil }
    let reduced = digits.filter { stage.reduced.contains($0.range) }
    guard reduced.count == stage.reduced.count, let least = reduced.map(\.weight).min() else { return nil }
    let chunks = digits.filter { !stage.reduced.contains($0.range) && $0.weight > least }
    let inner = digits.filter { !stage.reduced.contains($0.range) && $0.weight < least }
    guard chunks.reduce(1, { $0 * $1.range.extent }) >= CostModel.parallelPoints else { return nil }
    let columns = other.grid.filter { range in !digits.contains { $0.range == range } }
    // Rows of one element, all added to one sum, would go through one lane of the vector unit.
    guard !columns.isEmpty || !inner.isEmpty || stages.contains(where: { !$0.loops.isEmpty }) else { return nil }

    var own = self
    if hasRowSums {
      // The grid has been divided into chunks before: in the same way?
      guard grid.map(\.extent) == (chunks + reduced + inner).map(\.range.extent),
        zip(grid, chunks + reduced + inner).allSatisfy({ weight(of: $0, sharedWith: other) == $1.weight }),
        rowSumRanges == Set(grid[chunks.count..<(chunks.count + reduced.count)])
      else { return nil }
    } else {
      let ranges = (chunks + reduced + inner).map { digit in
        defer { own.nextVariable += 1 }
        return IndexVariable(id: own.nextVariable, extent: digit.range.extent)
      }
      let row = zip(ranges, chunks + reduced + inner).reduce(Index.constant(0)) { $0 + Index($1.0) * $1.1.weight }
      let whole = grid[0]
      own.grid = ranges
      for position in stages.indices { own.stages[position].substitute { $0 == whole ? row : nil } }
    }

    var sums = other
    sums.grid = (chunks + reduced + inner).map(\.range)
    sums.stages[0].spatial = columns
    sums.stages[0].reduced = []
    let position = reduced.reduce(Index.constant(0)) { $0 * $1.range.extent + Index($1.range) }
    let isLater = Mask(position, in: 1..<Int.max)
    sums.stages[0].results = []
    for case .reduce(_, let value, let place) in stage.results {
      let dtype = stage.values[value]
      sums.stages[0].values += [dtype, dtype]
      let (earlier, sum) = (sums.stages[0].values.count - 2, sums.stages[0].values.count - 1)
      sums.stages[0].steps.append(.define(earlier, .load(place, isLater)))
      sums.stages[0].steps.append(.define(sum, .binary(.add, earlier, value)))
      sums.stages[0].results.append(.store(place, sum))
    }
    return own.appending(sums)
  }

  /// Whether sums over ranges of the grid are added up on the way.
  package var hasRowSums: Bool { !rowSumRanges.isEmpty }

  /// The ranges of the grid that are gone along in order, for sums over them are added up.
  private var rowSumRanges: Set<IndexVariable> {
    var ranges: Set<IndexVariable> = []
    for stage in stages {
      for case .define(let value, .load(let place, let mask)) in stage.steps where stage.addsTo(place, value) {
        ranges.formUnion(mask.variables)
      }
    }
    return ranges
  }

  /// A range of another section as a part of this one's row: how many rows it moves on.
  private struct Digit {
    let range: IndexVariable
    let weight: Int
  }

  /// The ranges of another section that count this one's rows, the highest first, found by the largest data that both
  /// read; nil where they do not count all rows, each once.
  private func digits(of other: Section) -> [Digit]? {
    guard let (own, others) = sharedAccess(with: other) else { return nil }
    let strides = grid.map { own.coefficient(of: $0.id) ?? 0 }
    guard let row = strides.min(), row > 0 else { return nil }
    var digits: [Digit] = []
    for range in other.grid + other.stages[0].reduced {
      guard let stride = others.coefficient(of: range.id), stride >= 0 else { return nil }
      if stride >= row {
        guard stride % row == 0 else { return nil }
        digits.append(Digit(range: range, weight: stride / row))
      }
    }
    digits.sort { $0.weight > $1.weight }
    var rows = 1
    for digit in digits.reversed() {
      guard digit.weight == rows else { return nil }
      rows *= digit.range.extent
    }
    let origin = { (_: IndexVariable) in Index.constant(0) }
    return rows == gridPoints && own.substituting(origin) == others.substituting(origin) ? digits : nil
  }

  /// How many of the other section's rows a range of the grid moves on.
  private func weight(of range: IndexVariable, sharedWith other: Section) -> Int? {
    guard let (own, _) = sharedAccess(with: other), let row = grid.compactMap({ own.coefficient(of: $0.id) }).min(),
      let stride = own.coefficient(of: range.id), row > 0
    else { return nil }
    return stride / row
  }

  /// Where both sections read the largest buffer that they have in common.
  private func sharedAccess(with other: Section) -> (own: Index, other: Index)? {
    var best: (own: Index, other: Index)?
    for case .define(_, .load(.buffer(let buffer, let index), .always)) in other.stages[0].steps {
      for case .define(_, .load(.buffer(let mine, let place), .always)) in stages.flatMap(\.steps)
      where buffers[mine] == other.buffers[buffer] {
        if best.map({ $0.other.bounds.upperBound < index.bounds.upperBound }) ?? true { best = (place, index) }
      }
    }
    return best
  }
}

extension Stage {
  /// Whether a value is what a place held before the stage adds to it.
  func addsTo(_ place: Place, _ value: Value) -> Bool {
    results.contains { result in
      guard case .store(place, let sum) = result else { return false }
      return steps.contains {
        if case .define(sum, .binary(.add, value, _)) = $0 { true } else { false }
      }
    }
  }
}
