import LazyOps
import LazyScheduler

/// Writes the loops of a nest.
struct NestWriter {
  let nest: ContractionNest
  var program: LoopProgram
  /// The sums of a tile, in memory and in registers.
  let sums: Int
  let registers: Int
  private(set) var packedLeft: Int?
  private(set) var packedRight: Int?
  /// Whether the right factor is packed, with all its columns, by statements apart, and these.
  var packsAhead = false
  private(set) var packedAhead: [Statement] = []

  /// Whether sums are added to what is at their places, which is their own from the first block on.
  var adds = false

  var tile: ContractionTile { nest.tile }
  var contraction: Contraction { nest.contraction }

  init(_ nest: ContractionNest, _ program: LoopProgram) {
    self.nest = nest
    self.program = program
    let tile = nest.tile
    sums = self.program.makeLocal("sums", .float32, [tile.rows, tile.columns])
    registers = self.program.makeLocal("acc", .float32, [tile.rows, tile.vectors, tile.width])
    if nest.packsLeft { packedLeft = self.program.makeLocal("left", .float32, [tile.rows, nest.blockExtent]) }
    if nest.packsRight {
      let panels = nest.columnExtent.ceilDivided(by: tile.columns)
      let extents: [Int]
      if let patch = nest.patch {
        extents = [nest.packedRows, panels * tile.columns + patch.reach]
      } else if nest.innerColumns.isEmpty {
        extents = [panels, nest.blockExtent, tile.columns]
      } else {
        extents = [nest.blockExtent, panels * tile.columns]
      }
      packedRight = self.program.makeLocal("right", .float32, extents)
    }
  }

  /// A block of the reduced ranges.
  struct Block {
    /// What stands for the ranges outside the one that falls into blocks.
    var outer: [IndexVariable: Index] = [:]
    /// Where the block begins in that one, and how many of its values it has.
    var start: Index
    var count: Index
    /// Whether it is the first block, or the last; nil where there is no other.
    var isFirst: Condition?
    var isLast: Condition?
  }

  /// A tile's rows, or its columns, in their span.
  struct Part {
    /// The first position that is the tile's own, and how many are.
    var start: Index
    var count: Index
    /// How many positions before the first own one the tile begins, so as to be whole.
    var lead: Index = .constant(0)
  }

  mutating func write(
    _ partial: (ContractionNest.Element) -> Place,
    _ finish: ((inout LoopProgram, ContractionNest.Element, Place) -> [Statement])?
  ) -> [Statement] {
    let nest = nest
    return overBlocks { writer, block in
      let panels = writer.panels()
      var packing: [Statement] = []
      if nest.packsRight {
        packing = writer.packRight(writer.packsAhead ? .constant(panels.extent) : panels.count, block)
      }
      if writer.packsAhead { (writer.packedAhead, packing) = (packing, []) }
      let rows = writer.overRows { writer, rows in
        let packing = nest.packsLeft ? writer.packLeft(rows, block) : []
        let tiles = writer.loop("panel", panels.count, atMost: panels.extent) { writer, panel in
          let columns = writer.columns(of: panel, panels.extent)
          return writer.sumUp(rows, columns, panel, block) + writer.keep(rows, columns, block, partial, finish)
        }
        return packing + tiles
      }
      return packing + rows
    }
  }

  // MARK: - Loops

  /// A loop, or its body where there is no more than one turn.
  mutating func loop(
    _ name: String, _ count: Index, atMost extent: Int, _ kind: Loop.Kind = .serial,
    _ body: (inout NestWriter, Index) -> [Statement]
  ) -> [Statement] {
    if count == .constant(1) || extent == 1 { return body(&self, .constant(0)) }
    let variable = program.makeVariable(extent: extent)
    return [.loop(Loop(variable: variable, name: name, count: count, kind: kind, body: body(&self, Index(variable))))]
  }

  mutating func loop(
    _ name: String, _ count: Int, _ kind: Loop.Kind, _ body: (inout NestWriter, Index) -> [Statement]
  ) -> [Statement] {
    loop(name, .constant(count), atMost: count, kind, body)
  }

  mutating func overBlocks(_ body: (inout NestWriter, Block) -> [Statement]) -> [Statement] {
    let span = nest.depth[nest.blocked.position]
    let size = nest.blocked.size
    let outer = nest.depth[..<nest.blocked.position]
    if nest.hasOneBlock {
      return body(&self, Block(start: .constant(0), count: span.count))
    }
    let turns = outer.reduce(1) { $0 * $1.extent }
    let blocks = (span.count + (size - 1)).floorDivide(by: size)
    let most = span.extent.ceilDivided(by: size)
    return loop("block", blocks * turns, atMost: most * turns) { writer, number in
      var values: [IndexVariable: Index] = [:]
      var rest = turns == 1 ? number : number.floorDivide(by: most)
      for span in outer.reversed() {
        values[span.range] = span[rest.modulo(span.extent)]
        rest = rest.floorDivide(by: span.extent)
      }
      let start = (turns == 1 ? number : number.modulo(most)) * size
      let count = Index.min(.constant(size), span.count - start)
      return body(
        &writer,
        Block(
          outer: values, start: start, count: count, isFirst: Condition(number, in: 0..<1),
          isLast: Condition(blocks * turns - number, in: 1..<2)))
    }
  }

  mutating func overRows(_ body: (inout NestWriter, Part) -> [Statement]) -> [Statement] {
    guard let rows = nest.rows else {
      return body(&self, Part(start: .constant(0), count: .constant(1)))
    }
    let (nest, size) = (nest, tile.rows)
    let tiles = (rows.count + (size - 1)).floorDivide(by: size)
    return loop("row_tile", tiles, atMost: rows.extent.ceilDivided(by: size)) { writer, number in
      let start = number * size
      let count = Index.min(.constant(size), rows.count - start)
      if nest.packsLeft { return body(&writer, Part(start: start, count: count)) }
      return body(&writer, Part(start: start, count: count, lead: writer.lead(of: rows, at: start, size)))
    }
  }

  /// How much earlier than at `start` a tile of a span has to begin to end within its range.
  func lead(of span: Span, at start: Index, _ size: Int) -> Index {
    span[start] - Index.min(span[start], .constant(span.range.extent - size))
  }

  func panels() -> (count: Index, extent: Int) {
    let size = tile.columns
    return ((nest.columnCount + (size - 1)).floorDivide(by: size), nest.columnExtent.ceilDivided(by: size))
  }

  func columns(of panel: Index, _ panels: Int) -> Part {
    let start = panel * tile.columns
    let count = Index.min(.constant(tile.columns), nest.columnCount - start)
    if nest.packsRight { return Part(start: start, count: count) }
    return Part(start: start, count: count, lead: lead(of: nest.columns, at: start, tile.columns))
  }

  // MARK: - Sums

  mutating func define(_ instruction: Instruction) -> (Value, Statement) {
    let value = program.makeValue(.float32)
    return (value, .define(value, instruction))
  }

  /// Runs `body` for every register of the tile.
  mutating func everyRegister(
    _ body: (inout NestWriter, _ row: Index, _ vector: Index, _ lane: Index) -> [Statement]
  ) -> [Statement] {
    loop("row", tile.rows, .unrolled) { writer, row in
      writer.loop("vector", writer.tile.vectors, .unrolled) { writer, vector in
        writer.loop("lane", writer.tile.width, .lanes) { writer, lane in body(&writer, row, vector, lane) }
      }
    }
  }

  mutating func sumUp(_ rows: Part, _ columns: Part, _ panel: Index, _ block: Block) -> [Statement] {
    let clear = everyRegister { writer, row, vector, lane in
      let (zero, define) = writer.define(.constant(.real(0)))
      return [define, .store(.local(writer.registers, [row, vector, lane]), zero)]
    }
    let nest = nest
    if let patch = nest.patch { return clear + sumUp(rows, panel, block, from: patch) }
    func multiply(_ writer: inout NestWriter, _ values: [IndexVariable: Index], _ k: Index) -> [Statement] {
      writer.everyRegister { writer, row, vector, lane in
        let (a, loadLeft) = writer.define(.load(writer.left(row, rows, k, values), .always))
        let column = vector * writer.tile.width + lane
        let (b, loadRight) = writer.define(.load(writer.right(column, columns, panel, k, values), .always))
        return [loadLeft, loadRight, .multiplyAdd(.local(writer.registers, [row, vector, lane]), a, b)]
      }
    }
    if nest.sumsRangeByRange { return clear + overDepth(block, multiply) }
    let inner = nest.depth[(nest.blocked.position + 1)...].reduce(1) { $0 * $1.extent }
    return clear
      + loop("k", block.count * inner, atMost: nest.blockExtent) { writer, k in
        var values = ContractionNest.values(of: nest.depth, inside: nest.blocked.position, at: k, from: block.start)
        values.merge(block.outer) { own, _ in own }
        return multiply(&writer, values, k)
      }
  }

  func left(_ row: Index, _ rows: Part, _ k: Index, _ values: [IndexVariable: Index]) -> Place {
    if let packedLeft { return .local(packedLeft, [row, k]) }
    guard let place = contraction.left.place else { preconditionFailure("bug: a factor that is no element") }
    func moved(_ position: Index) -> Place {
      let row = nest.rows.map { $0[position] }
      return place.substituting { $0 == nest.rows?.range ? row : values[$0] }
    }
    let whole = moved(rows.start - rows.lead + row)
    guard let span = nest.rows, !isInBounds(whole) else { return whole }
    // Rows that are not the tile's own, and may not be there, are left to be any.
    return moved(Index.min(rows.start - rows.lead + row, span.count - 1))
  }

  func right(
    _ column: Index, _ columns: Part, _ panel: Index, _ k: Index, _ values: [IndexVariable: Index]
  ) -> Place {
    if let packedRight {
      if nest.innerColumns.isEmpty { return .local(packedRight, [panel, k, column]) }
      return .local(packedRight, [k, panel * tile.columns + column])
    }
    guard let place = contraction.right.place else { preconditionFailure("bug: a factor that is no element") }
    let position = nest.columns[columns.start - columns.lead + column]
    return place.substituting { $0 == nest.columns.range ? position : values[$0] }
  }

  /// Whether a place is there for all values of its variables.
  func isInBounds(_ place: Place) -> Bool {
    let extents: [Int]
    switch place {
    case .buffer(let buffer, _): extents = [program.buffers[buffer].count]
    case .local(let local, _): extents = program.locals[local].extents
    }
    return zip(place.indices, extents).allSatisfy { index, extent in
      index.bounds.lowerBound >= 0 && index.bounds.upperBound < extent
    }
  }

  // MARK: - What becomes of the sums

  mutating func keep(
    _ rows: Part, _ columns: Part, _ block: Block, _ partial: (ContractionNest.Element) -> Place,
    _ finish: ((inout LoopProgram, ContractionNest.Element, Place) -> [Statement])?
  ) -> [Statement] {
    let spill = everyRegister { writer, row, vector, lane in
      let (sum, load) = writer.define(.load(.local(writer.registers, [row, vector, lane]), .always))
      let place = Place.local(writer.sums, [row, vector * writer.tile.width + lane])
      return [load, .store(place, sum)]
    }
    if adds {
      return spill
        + everyElement(rows, columns) { writer, element, sum in
          let (value, load) = writer.define(.load(sum, .always))
          return [load, .accumulate(partial(element), .sum, value)]
        }
    }
    guard let isFirst = block.isFirst, let isLast = block.isLast else {
      return spill
        + everyElement(rows, columns) { writer, element, sum in
          if let finish { return finish(&writer.program, element, sum) }
          let (value, load) = writer.define(.load(sum, .always))
          return [load, .store(partial(element), value)]
        }
    }
    let first = everyElement(rows, columns) { writer, element, sum in
      let (value, load) = writer.define(.load(sum, .always))
      return [load, .store(partial(element), value)]
    }
    let later = everyElement(rows, columns) { writer, element, sum in
      let (value, load) = writer.define(.load(sum, .always))
      return [load, .accumulate(partial(element), .sum, value)]
    }
    var statements = spill + [.branch(isFirst, first, later)]
    if let finish {
      let last = everyElement(rows, columns) { writer, element, _ in
        finish(&writer.program, element, partial(element))
      }
      statements.append(.branch(isLast, last, []))
    }
    return statements
  }

  /// Runs `body` for every element that is the tile's own, with the place of its sum.
  mutating func everyElement(
    _ rows: Part, _ columns: Part,
    _ body: (inout NestWriter, ContractionNest.Element, Place) -> [Statement]
  ) -> [Statement] {
    let nest = nest
    if nest.hasLines { return everyElementOfLines(rows, columns, body) }
    return loop("row", rows.count, atMost: tile.rows) { writer, row in
      writer.loop("column", columns.count, atMost: writer.tile.columns) { writer, column in
        let sum = Place.local(
          writer.sums, [row + rows.lead, column + columns.lead])
        let element = ContractionNest.Element(nest, row: rows.start + row, column: columns.start + column)
        return body(&writer, element, sum)
      }
    }
  }

  /// The same line by line of the columns, of which a tile may have parts of several.
  private mutating func everyElementOfLines(
    _ rows: Part, _ columns: Part,
    _ body: (inout NestWriter, ContractionNest.Element, Place) -> [Statement]
  ) -> [Statement] {
    let (nest, inner, extent) = (nest, nest.innerColumns[0], nest.innerExtent)
    let lines = Swift.min((tile.columns + extent - 2) / extent + 1, nest.columns.extent)
    let firstLine = columns.start.floorDivide(by: extent)
    return loop("row", rows.count, atMost: tile.rows) { writer, row in
      writer.loop("line", lines, .serial) { writer, number in
        let line = firstLine + number
        let elements = writer.loop("column", inner.extent, .serial) { writer, column in
          let position = line * extent + column
          let element = ContractionNest.Element(
            nest, row: rows.start + row, column: position,
            values: [nest.columns.range: nest.columns[line], inner: column])
          let sum = Place.local(writer.sums, [row + rows.lead, position - columns.start])
          let isOwn = Condition(position - columns.start, in: 0..<writer.tile.columns)
          return [.branch(isOwn, body(&writer, element, sum), [])]
        }
        return [.branch(Condition(nest.columns.count - line, in: 1..<Int.max), elements, [])]
      }
    }
  }
}
