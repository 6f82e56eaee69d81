import LazyOps
import LazyScheduler

/// The loops that compute some rows and columns of a contraction, one after the other, on one thread.
///
///     for block of the reduced ranges
///       pack the right factor: panels as wide as a tile
///       for row tile
///         pack the left factor: the tile's rows
///         for column panel
///           clear the registers; for k: multiply and add; what was summed goes to its results
///
/// A factor that is packed is evaluated once for each element, whatever it is, and then lies side by side in memory as
/// the tile reads it. One that lies well already is read where it is.
///
/// The rows, columns and reduced ranges are spans: parts of ranges that may begin anywhere and have a length that is
/// only known at run time. Every other range of the stage stands around the nest. The statements belong into any loops
/// of a program; they make locals, values and variables of their own there.
struct ContractionNest {
  let contraction: Contraction
  /// Nil where there is a single row.
  let rows: Span?
  let columns: Span
  /// The ranges inside that of the columns, outermost first: all columns together count as one range, row-major.
  let innerColumns: [IndexVariable]
  /// The reduced ranges, outermost first. At most one of them has a length that is not known, and only with those
  /// outside it of length 1.
  let depth: [Span]
  let tile: ContractionTile
  let packsLeft: Bool
  let packsRight: Bool
  /// The reduced range that falls into blocks, by its position, and how long those are; those inside it are whole.
  let blocked: (position: Int, size: Int)

  /// The products that are added up before sums go to memory, at most: what a panel of the right factor has of rows.
  static let depthBlock = 1024
  /// The rows up to which packing the right factor costs more than it saves.
  private static let fewRows = 32
  /// The distance, in elements, up to which the rows of the right factor are read where they are.
  private static let nearRows = 768

  /// Chooses how to compute rows and columns of a contraction.
  ///
  /// - Parameters:
  ///   - rows: what is computed of a range of rows, one that moves only the left factor.
  ///   - columns: what is computed of a range of columns, one that moves only the right factor.
  ///   - innerColumns: further ranges of columns, whole, that count on inside the former.
  ///   - depth: the reduced ranges, all of them if nil.
  ///   - tile: the register tile; the best for the numbers of rows and columns if nil.
  init(
    _ contraction: Contraction, rows: Span?, columns: Span, innerColumns: [IndexVariable] = [], depth: [Span]? = nil,
    tile: ContractionTile? = nil, vectorByteCount: Int
  ) {
    let depth = depth ?? contraction.depthOrder.map { Span($0) }
    let columnExtent = innerColumns.reduce(columns.extent) { $0 * $1.extent }
    let tile =
      tile ?? .choose(rows: rows?.extent ?? 1, columns: columnExtent, vectorByteCount: vectorByteCount)
    (self.contraction, self.rows, self.columns, self.depth, self.tile) = (contraction, rows, columns, depth, tile)
    self.innerColumns = innerColumns

    // From the inside out, as many whole ranges as a block holds.
    var (position, inner) = (depth.count - 1, 1)
    while position > 0, depth[position].isConstant, inner * depth[position].extent * 2 <= ContractionNest.depthBlock {
      inner *= depth[position].extent
      position -= 1
    }
    let extent = depth[position].extent
    let isSingle = (rows?.extent ?? 1) <= tile.rows
    let most = isSingle ? extent : Swift.max(1, ContractionNest.depthBlock / inner)
    blocked = (position, extent.ceilDivided(by: extent.ceilDivided(by: most)))

    let k = IndexVariable(id: -1, extent: inner * blocked.size)
    let values = ContractionNest.values(of: depth, inside: position, at: Index(k), from: .constant(0))
    func isEven(_ factor: Contraction.Factor) -> Bool {
      factor.place?.indices.allSatisfy { $0.substituting { values[$0] }.coefficient(of: k.id) != nil } ?? false
    }
    packsLeft = !isEven(contraction.left)
    let right = contraction.right
    let isSideBySide = isEven(right) && right.stride(of: columns.range) == 1
    if isSideBySide, innerColumns.isEmpty, columns.extent >= tile.columns {
      let isFar = abs(right.stride(of: depth[depth.count - 1].range) ?? .max) > ContractionNest.nearRows
      if case .local = right.place {
        packsRight = false
      } else {
        packsRight = isFar && (rows?.extent ?? 1) > ContractionNest.fewRows
      }
    } else {
      packsRight = true
    }
  }

  /// The values of the reduced ranges at position `k` of a block: `start` is where the block begins in the range that
  /// falls into blocks.
  fileprivate static func values(
    of depth: [Span], inside position: Int, at k: Index, from start: Index
  ) -> [IndexVariable: Index] {
    var values: [IndexVariable: Index] = [:]
    var rest = k
    for span in depth[(position + 1)...].reversed() {
      values[span.range] = span[rest.modulo(span.extent)]
      rest = rest.floorDivide(by: span.extent)
    }
    values[depth[position].range] = depth[position][start + rest]
    return values
  }

  /// The number of products in a block, at most.
  var blockExtent: Int { depth[(blocked.position + 1)...].reduce(blocked.size) { $0 * $1.extent } }

  /// Whether all products are added up at once.
  var hasOneBlock: Bool {
    depth[..<blocked.position].allSatisfy { $0.extent == 1 } && depth[blocked.position].extent <= blocked.size
  }

  /// An element of the result.
  struct Element {
    /// Its position among the rows and columns of the nest.
    let row: Index
    let column: Index
    private let values: [IndexVariable: Index]

    fileprivate init(_ nest: ContractionNest, row: Index, column: Index) {
      (self.row, self.column) = (row, column)
      var values = nest.values(ofColumn: column)
      if let rows = nest.rows { values[rows.range] = rows[row] }
      self.values = values
    }

    /// What stands for a range in what is done at this element; nil for other ranges.
    func value(of range: IndexVariable) -> Index? { values[range] }
  }

  /// The number of columns inside each of the outermost of their ranges.
  var innerExtent: Int { innerColumns.reduce(1) { $0 * $1.extent } }

  var columnCount: Index { columns.count * innerExtent }

  var columnExtent: Int { columns.extent * innerExtent }

  /// The values of the columns' ranges at a position.
  fileprivate func values(ofColumn position: Index) -> [IndexVariable: Index] {
    var values: [IndexVariable: Index] = [:]
    var rest = position
    for range in innerColumns.reversed() {
      values[range] = rest.modulo(range.extent)
      rest = rest.floorDivide(by: range.extent)
    }
    values[columns.range] = columns[rest]
    return values
  }

  /// Writes the loops.
  ///
  /// - Parameters:
  ///   - partial: Where the sum of the blocks so far is kept, if there are several of them: a place of the element's
  ///     own.
  ///   - finish: What is done with each sum, which lies at the place given: stored, or used as an epilogue wants it.
  ///     Nil where the sums stay at their partial places.
  func statements(
    in program: inout LoopProgram, partial: (Element) -> Place,
    finish: ((inout LoopProgram, Element, Place) -> [Statement])?
  ) -> [Statement] {
    var writer = NestWriter(self, program)
    let statements = writer.write(partial, finish)
    program = writer.program
    return statements
  }

  /// Whether the right factor can be packed before loops around the nest that change only which part is used of its
  /// rows and columns: all columns count from the first, and one block holds all products.
  var canPackAhead: Bool {
    packsRight && hasOneBlock && innerColumns.isEmpty && columns.first == .constant(0)
      && depth.allSatisfy { $0.isConstant && $0.first.constantValue != nil }
  }

  /// Writes the loops that leave the sums at the stage's own target, apart from those that pack all columns of the right
  /// factor and stand before loops around the former; see `canPackAhead`.
  func statementsPackedAhead(in program: inout LoopProgram) -> (packing: [Statement], sums: [Statement]) {
    var writer = NestWriter(self, program)
    writer.packsAhead = true
    let sums = writer.write({ at in contraction.target.substituting { at.value(of: $0) } }, nil)
    program = writer.program
    return (writer.packedAhead, sums)
  }

  /// Writes the loops that leave the sums at the stage's own target.
  func statements(in program: inout LoopProgram) -> [Statement] {
    statements(in: &program, partial: { at in contraction.target.substituting { at.value(of: $0) } }, finish: nil)
  }
}

private struct NestWriter {
  let nest: ContractionNest
  var program: LoopProgram
  /// The sums of a tile, in memory and in registers.
  private let sums: Int
  private let registers: Int
  private var packedLeft: Int?
  private var packedRight: Int?
  /// Whether the right factor is packed, with all its columns, by statements apart, and these.
  var packsAhead = false
  var packedAhead: [Statement] = []

  private var tile: ContractionTile { nest.tile }
  private var contraction: Contraction { nest.contraction }

  init(_ nest: ContractionNest, _ program: LoopProgram) {
    self.nest = nest
    self.program = program
    let tile = nest.tile
    sums = self.program.makeLocal("sums", .float32, [tile.rows, tile.columns])
    registers = self.program.makeLocal("acc", .float32, [tile.rows, tile.vectors, tile.width])
    if nest.packsLeft { packedLeft = self.program.makeLocal("left", .float32, [tile.rows, nest.blockExtent]) }
    if nest.packsRight {
      let panels = nest.columnExtent.ceilDivided(by: tile.columns)
      let extents =
        nest.innerColumns.isEmpty
        ? [panels, nest.blockExtent, tile.columns] : [nest.blockExtent, panels * tile.columns]
      packedRight = self.program.makeLocal("right", .float32, extents)
    }
  }

  /// A block of the reduced ranges.
  private struct Block {
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
  private struct Part {
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
  private mutating func loop(
    _ name: String, _ count: Index, atMost extent: Int, _ kind: Loop.Kind = .serial,
    _ body: (inout NestWriter, Index) -> [Statement]
  ) -> [Statement] {
    if count == .constant(1) || extent == 1 { return body(&self, .constant(0)) }
    let variable = program.makeVariable(extent: extent)
    return [.loop(Loop(variable: variable, name: name, count: count, kind: kind, body: body(&self, Index(variable))))]
  }

  private mutating func loop(
    _ name: String, _ count: Int, _ kind: Loop.Kind, _ body: (inout NestWriter, Index) -> [Statement]
  ) -> [Statement] {
    loop(name, .constant(count), atMost: count, kind, body)
  }

  private mutating func overBlocks(_ body: (inout NestWriter, Block) -> [Statement]) -> [Statement] {
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

  private mutating func overRows(_ body: (inout NestWriter, Part) -> [Statement]) -> [Statement] {
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
  private func lead(of span: Span, at start: Index, _ size: Int) -> Index {
    span[start] - Index.min(span[start], .constant(span.range.extent - size))
  }

  private func panels() -> (count: Index, extent: Int) {
    let size = tile.columns
    return ((nest.columnCount + (size - 1)).floorDivide(by: size), nest.columnExtent.ceilDivided(by: size))
  }

  private func columns(of panel: Index, _ panels: Int) -> Part {
    let start = panel * tile.columns
    let count = Index.min(.constant(tile.columns), nest.columnCount - start)
    if nest.packsRight { return Part(start: start, count: count) }
    return Part(start: start, count: count, lead: lead(of: nest.columns, at: start, tile.columns))
  }

  // MARK: - Packing

  /// Loops over the products of a block; the body gets the values of the reduced ranges and the position, of all of them
  /// or of all but the innermost.
  private mutating func overDepth(
    _ block: Block, isInnermostLeft: Bool = false,
    _ body: (inout NestWriter, [IndexVariable: Index], Index) -> [Statement]
  ) -> [Statement] {
    let nest = nest
    func nested(
      _ writer: inout NestWriter, _ spans: ArraySlice<Span>, _ values: [IndexVariable: Index], _ position: Index
    ) -> [Statement] {
      guard let span = spans.first else { return body(&writer, values, position) }
      let isBlocked = spans.startIndex == nest.blocked.position
      return writer.loop(
        "k", isBlocked ? block.count : span.count, atMost: isBlocked ? nest.blocked.size : span.extent
      ) { writer, k in
        var values = values
        values[span.range] = span[isBlocked ? block.start + k : k]
        return nested(&writer, spans.dropFirst(), values, position * span.extent + k)
      }
    }
    return nested(
      &self, nest.depth[nest.blocked.position...].dropLast(isInnermostLeft ? 1 : 0), block.outer, .constant(0))
  }

  /// Copies the steps of a factor, with ranges replaced; returns its value.
  private mutating func evaluate(
    _ factor: Contraction.Factor, _ values: @escaping (IndexVariable) -> Index?
  ) -> (Value, [Statement]) {
    var renamed: [Value: Value] = [:]
    var statements: [Statement] = []
    for case .define(let value, let instruction) in factor.steps {
      renamed[value] = program.makeValue(contraction.stage.values[value])
      statements.append(
        .define(renamed[value]!, instruction.map(values: { renamed[$0]! }, replacing: values)))
    }
    return (renamed[factor.value]!, statements)
  }

  private mutating func packRight(_ panels: Index, _ block: Block) -> [Statement] {
    let (nest, columns, size) = (nest, nest.columns, tile.columns)
    if !nest.innerColumns.isEmpty { return packFlatColumns(block) }
    return loop("panel", panels, atMost: columns.extent.ceilDivided(by: size)) { writer, panel in
      let all = writer.packsAhead ? .constant(columns.extent) : columns.count
      let count = Index.min(.constant(size), all - panel * size)
      let plain = writer.overDepth(block) { writer, values, k in
        writer.loop("lane", count, atMost: size) { writer, lane in
          let column = columns[panel * size + lane]
          let (value, steps) = writer.evaluate(nest.contraction.right) { $0 == columns.range ? column : values[$0] }
          return steps + [.store(.local(writer.packedRight!, [panel, k, lane]), value)]
        }
      }
      guard let transposed = writer.packTransposed(panel, block) else { return plain }
      if let count = count.constantValue { return count == size ? transposed : plain }
      return [.branch(Condition(count, in: size..<(size + 1)), transposed, plain)]
    }
  }

  /// Packs all columns of a panel where elements lie side by side along the innermost reduced range: squares of them are
  /// transposed in registers. Nil where they do not.
  private mutating func packTransposed(_ panel: Index, _ block: Block) -> [Statement]? {
    let (nest, size) = (nest, tile.columns)
    guard let place = nest.contraction.right.place, let innermost = nest.depth.last, innermost.isConstant,
      nest.contraction.right.stride(of: innermost.range) == 1,
      nest.contraction.right.stride(of: nest.columns.range) ?? 0 > 1
    else { return nil }
    let isBlocked = nest.blocked.position == nest.depth.count - 1
    let extent = isBlocked ? nest.blocked.size : innermost.extent
    let count = isBlocked ? block.count : innermost.count
    let most = tile.width
    // The largest squares that leave nothing over, if they are not much smaller than the largest there are.
    let width = [most, most / 2].first { $0 >= 4 && extent % $0 == 0 && count.modulo($0) == .constant(0) } ?? most
    guard extent >= width else { return nil }
    return overDepth(block, isInnermostLeft: true) { writer, outer, position in
      func copy(_ writer: inout NestWriter, _ k: Index, _ lane: Index) -> [Statement] {
        var values = outer
        values[innermost.range] = innermost[isBlocked ? block.start + k : k]
        values[nest.columns.range] = nest.columns[panel * size + lane]
        let (value, load) = writer.define(.load(place.substituting { values[$0] }, .always))
        return [load, .store(.local(writer.packedRight!, [panel, position * innermost.extent + k, lane]), value)]
      }
      let squares = writer.loop("square", count.floorDivide(by: width), atMost: extent / width) { writer, square in
        writer.loop("side", size / width, .serial) { writer, side in
          writer.loop("lane", width, .transposed) { writer, lane in
            writer.loop("k", width, .vector) { writer, k in
              copy(&writer, square * width + k, side * width + lane)
            }
          }
        }
      }
      if count.modulo(width) == .constant(0) { return squares }
      return squares
        + writer.loop("k", count.modulo(width), atMost: width - 1) { writer, k in
          writer.loop("lane", size, .serial) { writer, lane in
            copy(&writer, count.floorDivide(by: width) * width + k, lane)
          }
        }
    }
  }

  /// Packs columns of several ranges, row by row of the products.
  private mutating func packFlatColumns(_ block: Block) -> [Statement] {
    let nest = nest
    return overDepth(block) { writer, values, k in
      func nested(
        _ writer: inout NestWriter, _ ranges: ArraySlice<IndexVariable>, _ values: [IndexVariable: Index],
        _ position: Index
      ) -> [Statement] {
        guard let range = ranges.first else {
          let (value, steps) = writer.evaluate(nest.contraction.right) { values[$0] }
          return steps + [.store(.local(writer.packedRight!, [k, position]), value)]
        }
        return writer.loop("lane", range.extent, .serial) { writer, lane in
          var values = values
          values[range] = lane
          return nested(&writer, ranges.dropFirst(), values, position * range.extent + lane)
        }
      }
      return writer.loop("column", nest.columns.count, atMost: nest.columns.extent) { writer, column in
        var values = values
        values[nest.columns.range] = nest.columns[column]
        return nested(&writer, nest.innerColumns[...], values, column)
      }
    }
  }

  private mutating func packLeft(_ rows: Part, _ block: Block) -> [Statement] {
    let nest = nest
    return loop("row", rows.count, atMost: tile.rows) { writer, row in
      writer.overDepth(block) { writer, values, k in
        let position = nest.rows.map { $0[rows.start + row] }
        let (value, steps) = writer.evaluate(nest.contraction.left) {
          $0 == nest.rows?.range ? position : values[$0]
        }
        return steps + [.store(.local(writer.packedLeft!, [row, k]), value)]
      }
    }
  }

  // MARK: - Sums

  private mutating func define(_ instruction: Instruction) -> (Value, Statement) {
    let value = program.makeValue(.float32)
    return (value, .define(value, instruction))
  }

  /// Runs `body` for every register of the tile.
  private mutating func everyRegister(
    _ body: (inout NestWriter, _ row: Index, _ vector: Index, _ lane: Index) -> [Statement]
  ) -> [Statement] {
    loop("row", tile.rows, .unrolled) { writer, row in
      writer.loop("vector", writer.tile.vectors, .unrolled) { writer, vector in
        writer.loop("lane", writer.tile.width, .lanes) { writer, lane in body(&writer, row, vector, lane) }
      }
    }
  }

  private mutating func sumUp(_ rows: Part, _ columns: Part, _ panel: Index, _ block: Block) -> [Statement] {
    let clear = everyRegister { writer, row, vector, lane in
      let (zero, define) = writer.define(.constant(.real(0)))
      return [define, .store(.local(writer.registers, [row, vector, lane]), zero)]
    }
    let nest = nest
    let inner = nest.depth[(nest.blocked.position + 1)...].reduce(1) { $0 * $1.extent }
    let multiply = loop("k", block.count * inner, atMost: nest.blockExtent) { writer, k in
      var values = ContractionNest.values(of: nest.depth, inside: nest.blocked.position, at: k, from: block.start)
      values.merge(block.outer) { own, _ in own }
      return writer.everyRegister { writer, row, vector, lane in
        let (a, loadLeft) = writer.define(.load(writer.left(row, rows, k, values), .always))
        let column = vector * writer.tile.width + lane
        let (b, loadRight) = writer.define(.load(writer.right(column, columns, panel, k, values), .always))
        return [loadLeft, loadRight, .multiplyAdd(.local(writer.registers, [row, vector, lane]), a, b)]
      }
    }
    return clear + multiply
  }

  private func left(_ row: Index, _ rows: Part, _ k: Index, _ values: [IndexVariable: Index]) -> Place {
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

  private func right(
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
  private func isInBounds(_ place: Place) -> Bool {
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

  private mutating func keep(
    _ rows: Part, _ columns: Part, _ block: Block, _ partial: (ContractionNest.Element) -> Place,
    _ finish: ((inout LoopProgram, ContractionNest.Element, Place) -> [Statement])?
  ) -> [Statement] {
    let spill = everyRegister { writer, row, vector, lane in
      let (sum, load) = writer.define(.load(.local(writer.registers, [row, vector, lane]), .always))
      let place = Place.local(writer.sums, [row, vector * writer.tile.width + lane])
      return [load, .store(place, sum)]
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
  private mutating func everyElement(
    _ rows: Part, _ columns: Part,
    _ body: (inout NestWriter, ContractionNest.Element, Place) -> [Statement]
  ) -> [Statement] {
    let nest = nest
    return loop("row", rows.count, atMost: tile.rows) { writer, row in
      writer.loop("column", columns.count, atMost: writer.tile.columns) { writer, column in
        let sum = Place.local(
          writer.sums, [row + rows.lead, column + columns.lead])
        let element = ContractionNest.Element(nest, row: rows.start + row, column: columns.start + column)
        return body(&writer, element, sum)
      }
    }
  }
}
