import LazyOps
import LazyScheduler

/// A section that is one contraction and what is done to each of its results, as tasks for threads: every task computes
/// a block of rows and columns for one index of all other ranges.
struct TiledSection {
  private let section: Section
  private let contraction: Contraction
  private let rows: IndexVariable?
  private let columns: IndexVariable
  /// Ranges of columns inside that one, with which it counts as one.
  private let innerColumns: [IndexVariable]
  /// Whether results of neighbouring rows of columns lie beside each other.
  private let areContinued: Bool
  /// The grid's other ranges.
  private let others: [IndexVariable]
  private let vectorByteCount: Int

  /// The fewest multiply-adds for which a register tile pays.
  static let smallest = 2048
  /// The shortest range to run in vector lanes.
  private static let fewestColumns = 4
  /// The distance, in elements, up to which results are near each other: several in a line of the cache.
  private static let nearResults = 4
  /// The most columns of a row for which the next one is not worth tiles of its own.
  private static let shortLine = 128
  /// The bytes of a packed right factor that stay in the second-level cache beside what streams through.
  private static let packedBytes = 768 * 1024
  /// The bytes of an input patch of which the pages stay in the processor's table: a tile goes through all channels.
  private static let patchBytes = 128 * 1024
  /// The bytes of sums that a task keeps between blocks of the reduced ranges where the result's memory cannot.
  private static let partialBytes = 256 * 1024
  /// The columns of a task at most where its right factor is not packed.
  private static let nearColumns = 384
  /// The tasks that there should be, if each has the multiply-adds that make waking a thread worth it.
  private static let wantedTasks = 16
  private static let taskProducts = 1 << 17
  /// The fewest rows for which packing pays for columns that lie in rows of their own.
  private static let rowsPerFlatColumn = 4
  /// The fewest rows for which each task packs its right factor by itself.
  private static let rowsPerPacking = 192

  /// Recognizes such a section; nil for every other one.
  init?(_ section: Section, in schedule: Schedule, vectorByteCount: Int) {
    let counts = section.buffers.map { schedule.buffers[$0].shape.elementCount }
    guard let stage = section.stages.first, stage.spatial.isEmpty,
      let contraction = Contraction(stage, counts: counts),
      contraction.endsOutside(contraction.depthOrder),
      section.stages.dropFirst().allSatisfy({ $0.loops.isEmpty && $0.isElementwise }),
      contraction.depth * section.gridPoints >= TiledSection.smallest
    else { return nil }
    // Results that lie side by side are computed side by side.
    let result = section.stages.last?.results.first?.place.indices.last
    func distance(of range: IndexVariable) -> Int { result?.coefficient(of: range.id).map(abs) ?? .max }
    func score(_ contraction: Contraction, _ range: IndexVariable) -> (Int, Int, Int) {
      let distance = distance(of: range)
      return (
        distance == 1 ? 2 : distance <= TiledSection.nearResults ? 1 : 0,
        contraction.right.stride(of: range) == 1 ? 1 : 0, range.extent
      )
    }
    let choices = [contraction, contraction.exchanged].flatMap { contraction in
      contraction.columns(among: section.grid).filter { $0.extent >= TiledSection.fewestColumns }
        .map { (contraction: contraction, columns: $0, score: score(contraction, $0)) }
    }
    guard let choice = choices.max(by: { $0.score < $1.score }) else { return nil }
    let rows = choice.contraction.rows(among: section.grid).max { $0.extent < $1.extent }
    self.section = section
    self.contraction = choice.contraction
    self.rows = rows
    var flat = [choice.columns]
    var areContinued = true
    if let result, rows?.extent ?? 1 >= TiledSection.rowsPerFlatColumn {
      // Columns of which a result's rows are made count as one range: its tiles are not cut at each row's end.
      let ranges = choice.contraction.columns(among: section.grid).filter { $0 != choice.columns }
      while let outer = ranges.first(where: { range in
        !flat.contains(range)
          && result.coefficient(of: range.id) == result.coefficient(of: flat[0].id).map { $0 * flat[0].extent }
      }) {
        flat.insert(outer, at: 0)
      }
      // So do short rows of results that lie apart themselves.
      let further = ranges.filter { distance(of: $0) > distance(of: choice.columns) }
      if flat.count == 1, flat[0].extent <= TiledSection.shortLine, choice.score.0 < 2,
        let next = further.min(by: { distance(of: $0) < distance(of: $1) })
      {
        flat.insert(next, at: 0)
        areContinued = false
      }
    }
    self.areContinued = areContinued
    columns = flat[0]
    innerColumns = Array(flat.dropFirst())
    others = section.grid.filter { $0 != rows && !flat.contains($0) }
    self.vectorByteCount = vectorByteCount
    // Packing for a single row only copies.
    if rows == nil && nest(nil, Span(columns)).packsRight { return nil }
  }

  private func nest(_ rows: Span?, _ columns: Span, tile: ContractionTile? = nil) -> ContractionNest {
    ContractionNest(
      contraction, rows: rows, columns: columns, innerColumns: innerColumns, areContinued: areContinued, tile: tile,
      vectorByteCount: vectorByteCount)
  }

  /// How many rows and columns a task has. This rests on shapes only, so that results do not depend on the number of
  /// threads.
  private func blocks(_ nest: ContractionNest, keepsPartial: Bool) -> (rows: Int, columns: Int) {
    let tile = nest.tile
    let panels = nest.columnExtent.ceilDivided(by: tile.columns)
    let rowTiles = (rows?.extent ?? 1).ceilDivided(by: tile.rows)
    let otherTasks = others.reduce(1) { $0 * $1.extent }
    let products = contraction.depth * section.gridPoints
    let wanted = Swift.max(1, Swift.min(TiledSection.wantedTasks, products / TiledSection.taskProducts))

    let mostPanels =
      nest.packsRight
      ? (nest.patch == nil ? TiledSection.packedBytes : TiledSection.patchBytes) / (4 * nest.packedRows * tile.columns)
      : TiledSection.nearColumns / tile.columns
    var columnBlocks = panels.ceilDivided(by: Swift.max(1, mostPanels))
    var rowBlocks = 1
    /// How many blocks of a number of pieces there may be where `most` tasks are still missing.
    func more(_ blocks: Int, upTo most: Int) -> Int {
      Swift.max(blocks, Swift.min(most, wanted.ceilDivided(by: otherTasks * rowBlocks * columnBlocks) * blocks))
    }
    if nest.packsRight {
      columnBlocks = more(columnBlocks, upTo: panels)
      rowBlocks = more(1, upTo: Swift.max(1, (rows?.extent ?? 1) / TiledSection.rowsPerPacking))
    } else {
      rowBlocks = more(1, upTo: rowTiles)
      columnBlocks = more(columnBlocks, upTo: panels)
    }
    if nest.innerExtent == 1 {
      // Blocks of equal size, and tasks that fall into equal parts.
      func waste(_ blocks: Int) -> Double {
        let tasks = otherTasks * rowBlocks * blocks
        let wanted = TiledSection.wantedTasks
        return Double(panels.ceilDivided(by: blocks) * blocks) / Double(panels)
          * Double(tasks.ceilDivided(by: wanted) * wanted) / Double(tasks)
      }
      let most = Swift.min(panels, 2 * columnBlocks)
      if products >= TiledSection.taskProducts * TiledSection.wantedTasks {
        columnBlocks = (columnBlocks...Swift.max(columnBlocks, most)).min { waste($0) < waste($1) } ?? columnBlocks
      }
    }
    let columnBlock = columnBlock(nest, panels.ceilDivided(by: columnBlocks))
    if keepsPartial {
      let fitting = Swift.max(1, TiledSection.partialBytes / (4 * columnBlock * nest.innerExtent * tile.rows))
      rowBlocks = Swift.max(rowBlocks, rowTiles.ceilDivided(by: fitting))
    }
    return (rowTiles.ceilDivided(by: rowBlocks) * tile.rows, columnBlock)
  }

  /// The part of the outermost range of columns that one task gets, of about as many panels as given: whole panels, or
  /// where columns lie in rows, as many of those as fill the most of their panels.
  private func columnBlock(_ nest: ContractionNest, _ panels: Int) -> Int {
    let size = nest.tile.columns
    if nest.innerExtent == 1 { return panels * size }
    let most = Swift.max(1, Swift.min(columns.extent, panels * size / nest.innerExtent))
    func unused(_ rows: Int) -> Double {
      let columns = rows * nest.innerExtent
      return Double(columns.ceilDivided(by: size) * size) / Double(columns)
    }
    return (Swift.max(1, most / 2)...most).reversed().min { unused($0) < unused($1) } ?? most
  }

  /// Writes the section's loops.
  func program(in schedule: Schedule) -> LoopProgram {
    var program = LoopProgram(section, in: schedule)
    program.body = []
    program.values = []
    program.locals = program.locals.filter { !$0.name.hasPrefix("acc") }

    let whole = nest(rows.map { Span($0) }, Span(columns))
    let safe = resultPlace
    let size = blocks(whole, keepsPartial: !whole.hasOneBlock && safe == nil)
    let rowBlocks = rows.map { $0.extent.ceilDivided(by: size.rows) } ?? 1
    let columnBlocks = columns.extent.ceilDivided(by: size.columns)

    // Tasks that share columns follow each other, so that those stay in the cache.
    let extents = others.map(\.extent) + [columnBlocks, rowBlocks]
    let task = program.makeVariable(extent: extents.reduce(1, *))
    var rest = Index(task)
    var digits: [Index] = []
    for extent in extents.reversed() {
      digits.append(rest.modulo(extent))
      rest = rest.floorDivide(by: extent)
    }
    let nest = nest(
      rows.map { Span($0, block: digits[0], of: size.rows, endingAt: section.ends[$0]) },
      Span(columns, block: digits[1], of: size.columns, endingAt: section.ends[columns]),
      // Some rows of columns may be covered better by another tile than all are.
      tile: whole.innerExtent == 1 ? whole.tile : nil)
    let kept =
      nest.hasOneBlock || safe != nil
      ? nil : program.makeLocal("partial", .float32, [size.rows, size.columns * nest.innerExtent])
    let body = nest.statements(
      in: &program,
      partial: { element in
        if let kept { return .local(kept, [element.row, element.column]) }
        return (safe ?? contraction.target).substituting { element.value(of: $0) }
      },
      finish: section.stages.count == 1 && kept == nil ? nil : finish)
    var moved = Substitution()
    for (range, digit) in zip(others, digits.dropFirst(2).reversed()) { moved.indices[range.id] = digit }
    let first = { [rows, columns] (range: IndexVariable) in
      range == rows ? digits[0] * size.rows : range == columns ? digits[1] * size.columns : Index(range)
    }
    program.body = section.guarded(others + [columns] + (rows.map { [$0] } ?? []), from: first, body).substituting(
      moved)
    if task.extent > 1 {
      program.body = [
        .loop(
          Loop(variable: task, name: "task", count: .constant(task.extent), kind: .parallel, body: program.body))
      ]
    }
    program.tidy()
    program.vectorizeInnermost()
    return program
  }

  /// A place of each result that may hold its sum before it is complete: results lie side by side, and nothing of the
  /// section reads that memory.
  private var resultPlace: Place? {
    guard let place = anyResultPlace, place.indices.last?.coefficient(of: innermostColumns.id) == 1 else { return nil }
    return place
  }

  private var innermostColumns: IndexVariable { innerColumns.last ?? columns }

  private var anyResultPlace: Place? {
    guard case .store(.buffer(let buffer, let index), let value)? = section.stages.last?.results.first,
      section.stages[section.stages.count - 1].values[value] == .float32
    else {
      if case .buffer = contraction.target, section.stages.count == 1 { return contraction.target }
      return nil
    }
    for stage in section.stages {
      for case .define(_, .load(.buffer(buffer, _), _)) in stage.steps { return nil }
      for result in stage.results.dropLast(stage == section.stages.last ? stage.results.count : 0) {
        if case .buffer(buffer, _) = result.place { return nil }
      }
    }
    return .buffer(buffer, index)
  }

  /// The section's other stages, for one result, and the result itself where it is wanted.
  private var finish: (inout LoopProgram, ContractionNest.Element, Place) -> [Statement] {
    { [section, target = contraction.target] program, element, sum in
      var body: [Statement] = []
      if case .buffer = target {
        let value = program.makeValue(.float32)
        body = [
          .define(value, .load(sum, .always)), .store(target.substituting { element.value(of: $0) }, value),
        ]
      }
      for stage in section.stages.dropFirst() {
        body += program.copy(stage, at: { element.value(of: $0) }, place: { $0.isSameArray(as: target) ? sum : nil })
      }
      return body
    }
  }
}

extension Section {
  /// Returns statements that run where anything is needed of what they do of each range, from `first` on.
  fileprivate func guarded(
    _ ranges: [IndexVariable], from first: (IndexVariable) -> Index, _ body: [Statement]
  ) -> [Statement] {
    ranges.reduce(body) { body, range in
      guard let end = ends[range] else { return body }
      return [.branch(Condition(end - first(range), in: 1..<Int.max), body, [])]
    }
  }
}

extension LoopProgram {
  /// Returns the statements of an elementwise stage with ranges replaced, and some places by others.
  mutating func copy(
    _ stage: Stage, at replace: @escaping (IndexVariable) -> Index?, place: @escaping (Place) -> Place?
  ) -> [Statement] {
    let first = values.count
    values += stage.values
    let moved = { (old: Place) in place(old) ?? old.substituting(replace) }
    var body: [Statement] = stage.steps.map { step in
      switch step {
      case .define(let value, .load(let place, let mask)):
        .define(value + first, .load(moved(place), mask.substituting(replace)))
      case .define(let value, let instruction):
        .define(value + first, instruction.map(values: { $0 + first }, replacing: replace))
      case .bind(let variable, let value):
        .bind(variable, value + first, failure: LoopProgram.indexFailure)
      }
    }
    for case .store(let place, let value) in stage.results { body.append(.store(moved(place), value + first)) }
    return body
  }
}

extension Stage {
  /// Whether the stage only stores what it computes at its point.
  var isElementwise: Bool {
    results.allSatisfy { if case .store = $0 { true } else { false } }
  }
}
