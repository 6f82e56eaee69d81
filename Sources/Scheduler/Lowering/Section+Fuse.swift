import LazyOps

extension Section {
  /// Returns one section that does what this one and then `other` do at each point of the grid that both begin with, or
  /// nil where there is none: what `other` reads of this one's results must come from the same point. Ranges that only
  /// one of the grids has become loops of its stages.
  func fused(with other: Section) -> Section? {
    let common = zip(grid, other.grid).prefix { $0.extent == $1.extent }.count
    guard !hasRowSums, !other.hasRowSums, common == Swift.min(grid.count, other.grid.count),
      common > 0 || grid.count == other.grid.count,
      members.count + other.members.count <= CostModel.membersPerSection,
      operationCount + other.operationCount <= CostModel.operationsPerSection
    else { return nil }
    let (first, second) = (deepened(to: common), other.deepened(to: common))
    let points = Swift.max(gridPoints, other.gridPoints)
    guard first.gridPoints == points || first.gridPoints >= CostModel.parallelPoints,
      (first.scratch + second.scratch).reduce(0, { $0 + $1.byteCount }) <= CostModel.scratchBytes
    else { return nil }
    return first.appending(second)
  }

  /// Returns the section with the stages of another after its own, whose grid has the same extents; nil where that
  /// reads what this one writes at other points.
  func appending(_ other: Section) -> Section? {
    var both = self
    let buffers = other.buffers.map { buffer in both.position(of: buffer, in: \.buffers) }
    let arguments = other.arguments.map { argument in both.position(of: argument, in: \.arguments) }
    var renamed = Dictionary(uniqueKeysWithValues: zip(other.grid, grid))
    for range in other.stages.flatMap({ $0.loops + $0.boundVariables }) {
      renamed[range] = IndexVariable(id: both.nextVariable, extent: range.extent)
      both.nextVariable += 1
    }
    both.stages += other.stages.map { stage in
      var stage = stage
      stage.spatial = stage.spatial.map { renamed[$0]! }
      stage.reduced = stage.reduced.map { renamed[$0]! }
      stage.substitute { renamed[$0].map { .variable($0) } }
      stage.steps = stage.steps.map { step in
        if case .bind(let variable, let value) = step { .bind(renamed[variable]!, value) } else { step }
      }
      stage.renumber(buffers: buffers, locals: { $0 + scratch.count }, arguments: arguments)
      return stage
    }
    both.ends = ends.filter { range, end in other.ends.contains { renamed[$0] == range && $1 == end } }
    both.scratch += other.scratch
    both.awaited += other.awaited
    both.members += other.members
    both.boundaries += other.boundaries
    guard both.readsOwnResultsInPlace else { return nil }
    both.merge()
    return both
  }

  /// Returns the section with a grid of its first ranges only; the others become the outermost loops of each stage.
  private func deepened(to count: Int) -> Section {
    guard count < grid.count else { return self }
    var result = self
    let inner = Array(grid[count...])
    result.grid = Array(grid[..<count])
    result.ends = ends.filter { !inner.contains($0.key) }
    let points = inner.reduce(1) { $0 * $1.extent }
    let counts = scratch.map { $0.extents.reduce(1, *) }
    for local in scratch.indices { result.scratch[local].extents = [points * counts[local]] }
    let point = inner.reduce(Index.constant(0)) { $0 * $1.extent + Index($1) }
    for stage in stages.indices {
      result.stages[stage].spatial = inner + stages[stage].spatial
      for (range, end) in ends where inner.contains(range) { result.stages[stage].ends[range] = end }
      result.stages[stage].replacePlaces { place in
        guard case .local(let local, let indices) = place else { return place }
        return .local(local, [point * counts[local] + (indices.first ?? .constant(0))])
      }
    }
    result.separateRanges()
    return result
  }

  /// Whether all that the stages read of the section's own results was written at the same point of the grid.
  private var readsOwnResultsInPlace: Bool {
    var written: [Int: Index] = [:]
    for result in stages.flatMap(\.results) {
      if case .buffer(let buffer, let index) = result.place { written[buffer] = index }
    }
    for stage in stages {
      for case .define(let value, .load(.buffer(let buffer, let index), _)) in stage.steps {
        guard let result = written[buffer], !stage.addsTo(.buffer(buffer, index), value) else { continue }
        guard staysAtItsPoint(index, result) else { return false }
      }
    }
    return true
  }

  /// Whether two accesses to one buffer touch the same element only at the same point of the grid.
  func staysAtItsPoint(_ a: Index, _ b: Index) -> Bool {
    let origin = { (variable: IndexVariable) in grid.contains(variable) ? Index.constant(0) : nil }
    let strides = grid.map { (a.coefficient(of: $0.id), b.coefficient(of: $0.id)) }
    guard strides.allSatisfy({ $0 != nil && $0 != 0 && $0 == $1 }) else { return false }
    // A point's elements lie within the smallest stride of the grid, and no two points share one.
    var block = Int.max
    for (range, stride) in zip(grid, strides).sorted(by: { $0.1.0! > $1.1.0! }) {
      guard stride.0! > 0, stride.0!.multipliedSaturated(by: range.extent) <= block else { return false }
      block = stride.0!
    }
    return [a.substituting(origin).bounds, b.substituting(origin).bounds].allSatisfy {
      $0.lowerBound >= 0 && $0.upperBound < block
    }
  }

  /// The position of a number in one of the section's lists, to which it is added if need be.
  private mutating func position(of number: Int, in list: WritableKeyPath<Section, [Int]>) -> Int {
    if let position = self[keyPath: list].firstIndex(of: number) { return position }
    self[keyPath: list].append(number)
    return self[keyPath: list].count - 1
  }
}

extension Stage {
  /// The variables that stand for indices read from a tensor.
  fileprivate var boundVariables: [IndexVariable] {
    steps.compactMap { if case .bind(let variable, _) = $0 { variable } else { nil } }
  }

  /// Replaces the numbers of buffers, local arrays and arguments.
  fileprivate mutating func renumber(buffers: [Int], locals: (Int) -> Int, arguments: [Int]) {
    replacePlaces { place in
      switch place {
      case .buffer(let buffer, let index): .buffer(buffers[buffer], index)
      case .local(let local, let indices): .local(locals(local), indices)
      }
    }
    steps = steps.map { step in
      guard case .define(let value, .argument(let number)) = step else { return step }
      return .define(value, .argument(arguments[number]))
    }
  }

  /// Replaces the places that the stage reads and writes.
  mutating func replacePlaces(_ replace: (Place) -> Place) {
    steps = steps.map { step in
      guard case .define(let value, .load(let place, let mask)) = step else { return step }
      return .define(value, .load(replace(place), mask))
    }
    results = results.map { result in
      switch result {
      case .store(let place, let value): .store(replace(place), value)
      case .reduce(let op, let value, let place): .reduce(op, value, replace(place))
      case .scan(let op, let value, let place): .scan(op, value, replace(place))
      case .add(let place, let value): .add(replace(place), value)
      case .put(let place, let value): .put(replace(place), value)
      }
    }
  }
}
