import LazyOps
import LazyScheduler

/// A section with contractions among other stages, which all have one range of the grid as their rows: attention, where
/// a row of scores goes through a softmax and becomes a weighted sum of values.
///
/// Each task takes a block of rows through all stages. Scratch holds what it holds for a point of the grid for each row
/// of the block, so that a contraction uses what it reads for all of them.
struct BlockedSection {
  private let section: Section
  private let rows: IndexVariable
  /// The rows that a task takes.
  private let size: Int
  private let vectorByteCount: Int
  private let erased: ErasedRanges

  /// The fewest products for which a stage is tiled.
  private static let smallest = 2048
  /// The rows of a task: whole tiles of all kinds.
  private static let sizes = [48, 24, 12]
  /// The bytes of scratch of a block, which stays in the second-level cache beside what streams through.
  private static let scratchBytes = 512 * 1024
  /// The bytes of a packed factor that is kept for all blocks of a task.
  private static let packedBytes = 512 * 1024
  /// What masks erase is left out in multiples of this; in those that are few beside a tile, where it is no row of vectors.
  private static let grain = 64
  private static let fineGrain = 16
  /// The tasks that there should be.
  private static let wantedTasks = 16

  /// Recognizes such a section; nil for every other one.
  init?(_ section: Section, vectorByteCount: Int) {
    let tiled = section.stages.filter { BlockedSection.isTiled($0, in: section) }
    guard !tiled.isEmpty, section.stages.contains(where: { !$0.spatial.isEmpty }) else { return nil }
    let shared = section.grid.filter { range in
      tiled.allSatisfy { stage in
        if let sum = stage.rowSum { return sum.rows == range }
        // Scratch has an axis for the row.
        let stage = stage.substituting(range, by: Index(range), scratchOf: Index(range))
        return Contraction(stage).flatMap { BlockedSection.oriented($0, rows: range) } != nil
      }
    }
    guard let rows = shared.max(by: { $0.extent < $1.extent }) else { return nil }
    (self.section, self.rows, self.vectorByteCount) = (section, rows, vectorByteCount)
    erased = ErasedRanges(section)
    let bytes = section.scratch.reduce(0) { $0 + $1.byteCount }
    let others = section.gridPoints / rows.extent
    size =
      BlockedSection.sizes.first {
        $0 * bytes <= BlockedSection.scratchBytes
          && rows.extent.ceilDivided(by: $0) * others >= BlockedSection.wantedTasks
      } ?? BlockedSection.sizes.last!
  }

  /// The contraction with its factors so that `rows` moves the left one only, and the range that is best for columns;
  /// nil where there is none.
  private static func oriented(
    _ contraction: Contraction, rows: IndexVariable
  ) -> (contraction: Contraction, columns: IndexVariable)? {
    for contraction in [contraction, contraction.exchanged] {
      guard contraction.left.moves(with: rows), !contraction.right.moves(with: rows) else { continue }
      let columns = contraction.columns(among: contraction.stage.spatial)
      func score(_ range: IndexVariable) -> (Int, Int, Int) {
        (
          contraction.target.indices.last?.coefficient(of: range.id) == 1 ? 1 : 0,
          contraction.right.stride(of: range) == 1 ? 1 : 0, range.extent
        )
      }
      return columns.max { score($0) < score($1) }.map { (contraction, $0) }
    }
    return nil
  }

  /// Writes the section's loops.
  func program(in schedule: Schedule) -> LoopProgram {
    var program = LoopProgram(section, in: schedule)
    program.body = []
    program.values = []
    program.locals = section.scratch.enumerated().map { number, scratch in
      Local(name: "s\(number)", dtype: scratch.dtype, extents: [Swift.min(size, rows.extent)] + scratch.extents)
    }

    // A task takes every so manieth block, so that all have as much to do where masks erase more of some than of others.
    let others = section.grid.filter { $0 != rows }
    let blocks = rows.extent.ceilDivided(by: size)
    let points = section.gridPoints / rows.extent
    let sums = section.stages.compactMap(\.rowSum)
    // What is summed over rows is one task's.
    let strides = sums.isEmpty ? Swift.min(blocks, BlockedSection.wantedTasks.ceilDivided(by: points)) : 1
    let extents = others.map(\.extent) + [strides]
    let task = program.makeVariable(extent: extents.reduce(1, *))
    var rest = Index(task)
    var digits: [Index] = []
    for extent in extents.reversed() {
      digits.append(rest.modulo(extent))
      rest = rest.floorDivide(by: extent)
    }
    let turn = program.makeVariable(extent: blocks.ceilDivided(by: strides))
    let end = section.ends[rows] ?? .constant(rows.extent)
    let used = (end + (size - 1)).floorDivide(by: size)
    let turns = (used + (strides - 1) - digits[0]).floorDivide(by: strides)
    let block = Span(rows, block: Index(turn) * strides + digits[0], of: size, endingAt: end)
    var packing = sums.flatMap { BlockedSection.clear($0, in: &program) }
    var partsOf: [Int: [Int]] = [:]
    var body: [Statement] = []
    for position in section.stages.indices { body += statements(position, block, &packing, &partsOf, in: &program) }
    body = packing + [.loop(Loop(variable: turn, name: "block", count: turns, body: body))]
    var moved = Substitution()
    for (range, digit) in zip(others, digits.dropFirst().reversed()) { moved.indices[range.id] = digit }
    program.body = [
      .loop(
        Loop(
          variable: task, name: "task", count: .constant(task.extent), kind: .parallel,
          body: body.substituting(moved)))
    ]
    for stage in section.stages where !BlockedSection.isTiled(stage, in: section) {
      Recipe.vectorize(stage, in: &program) { partsOf[$0.id] ?? [$0.id] }
    }
    program.tidy()
    program.vectorizeInnermost()
    return program
  }

  private static func isTiled(_ stage: Stage, in section: Section) -> Bool {
    if let sum = stage.rowSum {
      guard let contraction = Contraction(sum.reduction) else { return false }
      return oriented(contraction, in: stage) != nil && section.turns(of: stage) >= smallest
    }
    // A sum for each row alone has no columns.
    return !stage.spatial.isEmpty && Contraction(stage)?.endsOutside(stage.reduced) == true
      && section.turns(of: stage) >= BlockedSection.smallest
  }

  /// A contraction over the section's rows, with its factors so that its columns are best, and its own rows and columns;
  /// nil where it has none.
  private static func oriented(
    _ contraction: Contraction, in stage: Stage
  ) -> (contraction: Contraction, rows: IndexVariable, columns: IndexVariable)? {
    let best = [contraction, contraction.exchanged].compactMap { contraction in
      contraction.rows(among: stage.spatial).max { $0.extent < $1.extent }.flatMap { rows in
        oriented(contraction, rows: rows).map { ($0.contraction, rows, $0.columns) }
      }
    }
    return best.first { $0.0.target.indices.last?.coefficient(of: $0.2.id) == 1 } ?? best.first
  }

  /// Writes zeros where sums over rows begin.
  private static func clear(_ sum: RowSum, in program: inout LoopProgram) -> [Statement] {
    let ranges = sum.reduction.spatial.map { ($0, program.makeVariable(extent: $0.extent)) }
    let place = sum.place.substituting { range in ranges.first { $0.0 == range }.map { .variable($0.1) } }
    let zero = program.makeValue(.float32)
    return program.nest(
      [.define(zero, .constant(.real(0))), .store(place, zero)], in: ranges.map(\.1), named: "j")
  }

  /// Writes a sum over the rows of a block, added to what blocks before have left.
  private func statements(
    adding sum: RowSum, of stage: Stage, _ row: IndexVariable, _ block: Span, _ spans: [Span],
    in program: inout LoopProgram
  ) -> [Statement] {
    var reduction = sum.reduction.substituting(rows, by: block[Index(row)], scratchOf: Index(row))
    reduction.reduced = [row]
    let (contraction, rows, columns) = BlockedSection.oriented(Contraction(reduction)!, in: stage)!
    func span(_ range: IndexVariable) -> Span { spans.first { $0.range == range }! }
    let nest = ContractionNest(
      contraction, rows: span(rows), columns: span(columns),
      depth: [Span(row, from: .constant(0), count: block.count, atMost: block.extent)],
      vectorByteCount: vectorByteCount)
    let others = stage.spatial.filter { $0 != rows && $0 != columns }
    return program.nest(nest.statementsAdding(in: &program), in: others, named: "j")
  }

  /// Writes a stage for a block of rows. What can be packed for all blocks of a task goes to `packing`;
  /// the loops that a range has become go to `partsOf`, by ids.
  private func statements(
    _ position: Int, _ block: Span, _ packing: inout [Statement], _ partsOf: inout [Int: [Int]],
    in program: inout LoopProgram
  ) -> [Statement] {
    let original = section.stages[position]
    // The row in the block, whose scratch is its own.
    let row = program.makeVariable(extent: block.extent)
    let stage = original.substituting(rows, by: block[Index(row)], scratchOf: Index(row))
    let rows = Span(row, from: .constant(0), count: block.count, atMost: block.extent)
    let isTiled = BlockedSection.isTiled(original, in: section)
    let spans = original.loops.map { range -> Span in
      // What a contraction reduces over, or sums up in rows, is gone along one by one.
      let isFine = isTiled && (original.reduced.contains(range) || original.rowSum != nil)
      // What ends at a run-time length does so whatever else masks erase.
      guard original.ends[range] == nil,
        let part = erased.span(
          of: range, in: position, rows: self.rows, first: block.first, count: block.count,
          grain: isFine ? BlockedSection.fineGrain : BlockedSection.grain)
      else { return Span(range, of: original) }
      return Span(range, from: part.begin, count: part.end - part.begin, atMost: range.extent)
    }
    if let sum = original.rowSum, isTiled {
      return statements(adding: sum, of: original, row, block, spans, in: &program)
    }
    if isTiled,
      let (contraction, columns) = BlockedSection.oriented(Contraction(stage)!, rows: row)
    {
      let nest = ContractionNest(
        contraction, rows: rows, columns: spans.first { $0.range == columns }!,
        depth: Array(spans.suffix(stage.reduced.count)), vectorByteCount: vectorByteCount)
      let others = stage.spatial.filter { $0 != columns }
      if nest.canPackAhead, others.isEmpty,
        nest.columnExtent * nest.blockExtent * 4 <= BlockedSection.packedBytes,
        !contraction.right.readsLocals
      {
        let parts = nest.statementsPackedAhead(in: &program)
        packing += parts.packing
        return parts.sums
      }
      return program.nest(nest.statements(in: &program), in: others, named: "j")
    }
    var body = program.lower(stage)
    for span in spans where span.count != original.count(of: span.range) {
      let parts = parts(of: span, in: position, block)
      let condition = erased.conditions[position]!.substituting { $0 == self.rows ? block[Index(row)] : nil }
      body = program.parted(body, span.range, parts, where: condition, &partsOf)
    }
    return [.loop(Loop(variable: row, name: "row", count: block.count, body: body))]
  }

  /// Cuts what is needed of a range where a mask begins or ends to hold for all rows of a block, so that only the parts
  /// between test it.
  private func parts(of span: Span, in position: Int, _ block: Span) -> [(span: Span, isCertain: Bool)] {
    guard
      let certain = ErasedRanges.certain(
        erased.conditions[position]!, of: span.range, rows: rows, first: block.first, count: block.count,
        grain: BlockedSection.grain)
    else { return [(span, false)] }
    let end = span.first + span.count
    let first = Index.min(Index.max(span.first, certain.begin), end)
    let last = Index.max(first, Index.min(certain.end, end))
    func part(_ begin: Index, _ end: Index, _ isCertain: Bool) -> (Span, Bool) {
      (Span(span.range, from: begin, count: end - begin, atMost: span.range.extent), isCertain)
    }
    let all = [part(span.first, first, false), part(first, last, true), part(last, end, false)]
    return all.filter { $0.0.count != .constant(0) }
  }
}

extension Contraction.Factor {
  /// Whether the factor depends on scratch.
  fileprivate var readsLocals: Bool {
    steps.contains { if case .define(_, .load(.local, _)) = $0 { true } else { false } }
  }
}

extension LoopProgram {
  /// Returns statements in which a loop for each part stands in place of the loop over a range. A condition is not
  /// tested where it is certain.
  fileprivate mutating func parted(
    _ statements: [Statement], _ range: IndexVariable, _ parts: [(span: Span, isCertain: Bool)],
    where condition: Condition, _ partsOf: inout [Int: [Int]]
  ) -> [Statement] {
    statements.flatMap { statement -> [Statement] in
      guard case .loop(var loop) = statement else { return [statement] }
      guard loop.variable == range else {
        loop.body = parted(loop.body, range, parts, where: condition, &partsOf)
        return [.loop(loop)]
      }
      return parts.map { part in
        var turn = loop
        turn.count = part.span.count
        if part.isCertain { turn.body = turn.body.map { $0.knowing(condition) } }
        turn.variable = makeVariable(extent: range.extent)
        partsOf[range.id, default: []].append(turn.variable.id)
        turn.body = copy(turn.body, replacing: [range.id: part.span[Index(turn.variable)]])
        return .loop(turn)
      }
    }
  }
}

extension Statement {
  /// The statement where a condition holds.
  fileprivate func knowing(_ condition: Condition) -> Statement {
    guard case .define(let value, .test(let mask)) = self, mask.conditions.count == 1 else {
      return mapLists { $0.map { $0.knowing(condition) } }
    }
    if mask.conditions[0] == condition { return .define(value, .constant(.integer(1))) }
    return mask.conditions[0] == condition.opposite ? .define(value, .constant(.integer(0))) : self
  }
}

extension Stage {
  /// Returns the stage at a row of a block: with a range replaced, and scratch that has one more axis, for the row.
  fileprivate func substituting(_ range: IndexVariable, by position: Index, scratchOf row: Index) -> Stage {
    var stage = self
    let replace = { (variable: IndexVariable) in variable == range ? position : nil }
    func moved(_ place: Place) -> Place {
      guard case .local(let local, let indices) = place.substituting(replace) else {
        return place.substituting(replace)
      }
      return .local(local, [row] + indices)
    }
    stage.steps = steps.map { step in
      switch step {
      case .define(let value, .load(let place, let mask)):
        .define(value, .load(moved(place), mask.substituting(replace)))
      case .define(let value, let instruction):
        .define(value, instruction.map(values: { $0 }, replacing: replace))
      case .bind: step
      }
    }
    stage.results = results.map { result in
      switch result {
      case .store(let place, let value): .store(moved(place), value)
      case .reduce(let op, let value, let place): .reduce(op, value, moved(place))
      case .scan(let op, let value, let place): .scan(op, value, moved(place))
      case .add(let place, let value): .add(moved(place), value)
      case .put(let place, let value): .put(moved(place), value)
      }
    }
    return stage
  }
}
