import LazyOps
import LazyScheduler

extension DotProducts {
  /// Writes the section as loops over register tiles, shared among threads, with the rest of the section done where a
  /// tile's sums are at hand.
  ///
  /// At the end of a range the last tile starts early enough to be whole: its sums are computed on full registers and
  /// only those that no other tile has are used.
  func program(for section: Section, in schedule: Schedule) -> LoopProgram {
    var writer = TileWriter(self, section, LoopProgram(section, in: schedule))
    return writer.write()
  }
}

extension DotProducts {
  /// The offsets of a tiled range's variables within a tile, for an element of it.
  fileprivate func offsets(_ row: Index, _ column: Index) -> [IndexVariable: Index] {
    var offsets: [IndexVariable: Index] = [:]
    if let rows { offsets[rows] = row }
    if let columns { offsets[columns] = column }
    return offsets
  }
}

/// Writes the loops of one dots.
private struct TileWriter {
  let dots: DotProducts
  let section: Section
  var program: LoopProgram
  /// The sums of a tile, in memory: rows x columns.
  private let sums: Int
  /// For each tiled range, the index of the tile's first element, and of the first its sums were computed for.
  private var starts: [IndexVariable: (exact: Index, computed: Index)] = [:]

  init(_ dots: DotProducts, _ section: Section, _ plain: LoopProgram) {
    self.dots = dots
    self.section = section
    program = plain
    program.body = []
    program.values = []
    program.locals = program.locals.filter { !$0.name.hasPrefix("acc") }
    sums = program.makeLocal("sums", .float32, [dots.tile.rows, dots.tile.columns])
  }

  mutating func write() -> LoopProgram {
    // Tiles that share columns follow each other, so that those stay in the cache.
    var outer: [Loop] = []
    for range in section.grid where range != dots.rows && range != dots.columns {
      outer.append(Loop(variable: range, name: "i\(range.id)", count: .constant(range.extent), body: []))
    }
    if let columns = dots.columns { outer += tileLoop(columns, dots.tile.columns, "column_tile") }
    if let rows = dots.rows { outer += tileLoop(rows, dots.tile.rows, "row_tile") }

    let body = reductionLanes() + epilogue()
    program.body = outer.reversed().reduce(body) { body, loop in
      var loop = loop
      loop.body = body
      return [.loop(loop)]
    }
    program.shareAmongThreads(outer.map(\.variable.id))
    program.tidy()
    program.vectorizeInnermost()
    return program
  }

  // MARK: - Tiles

  /// The loop over the tiles of a range, or none where one tile is all.
  private mutating func tileLoop(_ range: IndexVariable, _ tile: Int, _ name: String) -> [Loop] {
    let count = range.extent.ceilDivided(by: tile)
    guard count > 1 else {
      starts[range] = (.constant(0), .constant(0))
      return []
    }
    let variable = program.makeVariable(extent: count)
    let exact = Index(variable) * tile
    starts[range] = (exact, Index.min(exact, .constant(range.extent - tile)))
    return [Loop(variable: variable, name: name, count: .constant(count), body: [])]
  }

  private func at(_ offsets: [IndexVariable: Index]) -> (IndexVariable) -> Index? {
    { variable in offsets[variable].map { starts[variable]!.computed + $0 } }
  }

  private mutating func define(_ instruction: Instruction, _ dtype: DType = .float32) -> (Value, Statement) {
    let value = program.makeValue(dtype)
    return (value, .define(value, instruction))
  }

  private mutating func load(_ operand: DotProducts.Operand, _ replace: (IndexVariable) -> Index?) -> (Value, Statement)
  {
    define(.load(.buffer(operand.buffer, operand.index.substituting(replace)), .always))
  }

  private mutating func loop(
    _ name: String, _ count: Int, _ kind: Loop.Kind, _ body: (inout TileWriter, Index) -> [Statement]
  ) -> [Statement] {
    if count == 1 { return body(&self, .constant(0)) }
    let variable = program.makeVariable(extent: count)
    return [
      .loop(
        Loop(
          variable: variable, name: name, count: .constant(count), kind: kind, body: body(&self, Index(variable))))
    ]
  }

  /// Wraps the innermost statements in the reduced ranges' loops.
  private func overReduced(_ ranges: [IndexVariable], _ body: [Statement]) -> [Statement] {
    ranges.reversed().reduce(body) { body, range in
      [.loop(Loop(variable: range, name: "k\(range.id)", count: .constant(range.extent), body: body))]
    }
  }

  // MARK: - Sums

  private mutating func reductionLanes() -> [Statement] {
    let groups = dots.tile.columns / dots.registerColumns
    return loop("group", groups, .serial) { writer, group in
      writer.reductionLanes(from: group * writer.dots.registerColumns)
    }
  }

  /// The sums of the columns from `first` on that fit the registers.
  private mutating func reductionLanes(from first: Index) -> [Statement] {
    let (rows, columns, width) = (dots.tile.rows, dots.registerColumns, dots.width)
    let depth = dots.vectorized
    let turns = depth.extent / width
    let registers = program.makeLocal("acc", .float32, [rows, columns, width])
    let partial = program.makeLocal("partial", .float32, [rows, columns, width])

    func everyResult(
      _ writer: inout TileWriter, _ body: (inout TileWriter, _ row: Index, _ column: Index) -> [Statement]
    ) -> [Statement] {
      writer.loop("row", rows, .unrolled) { writer, row in
        writer.loop("column", columns, .unrolled) { writer, column in body(&writer, row, column) }
      }
    }
    let clear = everyResult(&self) { writer, row, column in
      writer.loop("lane", width, .lanes) { writer, lane in
        let (zero, define) = writer.define(.constant(.real(0)))
        return [define, .store(.local(registers, [row, column, lane]), zero)]
      }
    }
    let block = program.makeVariable(extent: turns)
    let start = turns == 1 ? .constant(0) : Index(block) * width
    let multiply = everyResult(&self) { writer, row, column in
      writer.loop("lane", width, .lanes) { writer, lane in
        let tiles = writer.at(writer.dots.offsets(row, first + column))
        let position = { $0 == depth ? start + lane : tiles($0) }
        let (a, loadLeft) = writer.load(writer.dots.left, position)
        let (b, loadRight) = writer.load(writer.dots.right, position)
        return [loadLeft, loadRight, .multiplyAdd(.local(registers, [row, column, lane]), a, b)]
      }
    }
    var prefetch: [Statement] = []
    if dots.isStreamed {
      // The next columns, in the order in which they lie in memory: as much as is read meanwhile.
      let tiles = at(dots.offsets(.constant(0), first + columns))
      prefetch = (0..<columns).map { number in
        let next = start * columns + number * width
        return .prefetch(.buffer(dots.right.buffer, dots.right.index.substituting { $0 == depth ? next : tiles($0) }))
      }
    }
    let keep = everyResult(&self) { writer, row, column in
      writer.loop("lane", width, .lanes) { writer, lane in
        let (sum, load) = writer.define(.load(.local(registers, [row, column, lane]), .always))
        return [load, .store(.local(partial, [row, column, lane]), sum)]
      }
    }
    let blocks = Statement.loop(
      Loop(variable: block, name: "block", count: .constant(turns), body: prefetch + multiply))
    let outerRanges = Array(dots.stage.reduced.dropLast())
    let sums = overReduced(outerRanges, [blocks])
    return clear + sums + keep + combine(partial, from: first, after: turns * width, outerRanges)
  }

  /// Adds up each result's lanes pairwise, half a register to the other, and then what no whole register was left for.
  private mutating func combine(
    _ partial: Int, from first: Index, after start: Int, _ outerRanges: [IndexVariable]
  ) -> [Statement] {
    let (rows, columns, width) = (dots.tile.rows, dots.registerColumns, dots.width)
    let depth = dots.vectorized
    return loop("row", rows, .serial) { writer, row in
      writer.loop("column", columns, .serial) { writer, column in
        let sum = Place.local(writer.sums, [row, first + column])
        var lanes: [Statement] = []
        for half in sequence(first: width / 2, next: { $0 > 1 ? $0 / 2 : nil }) {
          lanes += writer.loop("lane", half, .lanes) { writer, lane in
            let (value, load) = writer.define(.load(.local(partial, [row, column, lane + half]), .always))
            return [load, .accumulate(.local(partial, [row, column, lane]), .sum, value)]
          }
        }
        let (total, load) = writer.define(.load(.local(partial, [row, column, .constant(0)]), .always))
        lanes += [load, .store(sum, total)]
        guard start < depth.extent else { return lanes }
        let tiles = writer.at(writer.dots.offsets(row, first + column))
        // The ranges around the reduction run again for the rest, with variables of their own.
        var renamed: [IndexVariable: Index] = [:]
        let ranges = outerRanges.map { range in
          let copy = writer.program.makeVariable(extent: range.extent)
          renamed[range] = Index(copy)
          return copy
        }
        let rest = writer.loop("k", depth.extent - start, .serial) { writer, k in
          let position = { (variable: IndexVariable) in
            variable == depth ? k + start : renamed[variable] ?? tiles(variable)
          }
          let (a, loadLeft) = writer.load(writer.dots.left, position)
          let (b, loadRight) = writer.load(writer.dots.right, position)
          return [loadLeft, loadRight, .multiplyAdd(sum, a, b)]
        }
        return lanes + writer.overReduced(ranges, rest)
      }
    }
  }

  // MARK: - What follows the sums

  /// The section's other stages, for each element of the tile that is this tile's own.
  private mutating func epilogue() -> [Statement] {
    var rowOffset = Index.constant(0)
    var columnOffset = Index.constant(0)
    var loops: [Loop] = []
    var position: [IndexVariable: Index] = [:]
    func element(_ range: IndexVariable?, _ tile: Int, _ name: String) -> Index {
      guard let range, let start = starts[range] else { return .constant(0) }
      let variable = program.makeVariable(extent: tile)
      let count = Index.min(.constant(tile), Index.constant(range.extent) - start.exact)
      loops.append(Loop(variable: variable, name: name, count: count, body: []))
      position[range] = start.exact + Index(variable)
      return Index(variable) + (start.exact - start.computed)
    }
    rowOffset = element(dots.rows, dots.tile.rows, "row")
    columnOffset = element(dots.columns, dots.tile.columns, "column")
    let sum = Place.local(sums, [rowOffset, columnOffset])
    let replace = { (variable: IndexVariable) in position[variable] }

    guard case .reduce(_, _, let target) = dots.stage.results[0] else {
      preconditionFailure("bug: a dots that sums nothing")
    }
    var body: [Statement] = []
    if case .buffer = target {
      let (value, load) = define(.load(sum, .always))
      body = [load, .store(target.substituting(replace), value)]
    }
    for stage in section.stages.dropFirst() {
      let first = program.values.count
      program.values += stage.values
      let moved = { (place: Place) in place.isSameArray(as: target) ? sum : place.substituting(replace) }
      for step in stage.steps {
        switch step {
        case .define(let value, .load(let place, let mask)):
          body.append(.define(value + first, .load(moved(place), mask.substituting(replace))))
        case .define(let value, let instruction):
          body.append(.define(value + first, instruction.map(values: { $0 + first }, replacing: replace)))
        case .bind(let variable, let value):
          body.append(.bind(variable, value + first, failure: LoopProgram.indexFailure))
        }
      }
      for case .store(let place, let value) in stage.results {
        body.append(.store(moved(place), value + first))
      }
    }
    let statements = loops.reversed().reduce(body) { body, loop in
      var loop = loop
      loop.body = body
      return [.loop(loop)]
    }
    return statements
  }
}
