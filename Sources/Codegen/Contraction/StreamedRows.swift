import LazyOps
import LazyScheduler

/// A section that multiplies a vector, or few of them, by a matrix whose rows lie side by side in memory along the
/// result: the matrix is read once, and memory's bandwidth is all there is to reach.
///
///     for piece of the columns                     shared among threads
///       sums = 0                                   in the first-level cache
///       for four rows of the matrix
///         for 64 columns
///           ask for a part of the next four rows, which all parts together read from end to end
///           add four products to each sum
///
/// So memory is read in one long run, though four rows are in use at a time to spare loads and stores of the sums.
struct StreamedRows {
  private let section: Section
  private let stage: Stage
  private let left: Contraction.Factor
  private let right: Contraction.Factor
  private let target: Place
  /// The matrix: where its elements lie, and the bytes of one.
  private let matrix: (place: Place, byteCount: Int)
  /// The range of the vectors; nil for a single one.
  private let rows: IndexVariable?
  private let columns: IndexVariable
  private let depth: IndexVariable

  /// The fewest elements of a matrix that is not in a cache already.
  private static let fewestElements = 1 << 17
  /// The most vectors that are multiplied at once.
  private static let mostRows = 4
  /// The rows of the matrix that are added at once.
  private static let rowsAtOnce = 4
  /// The columns of a vector loop: some lines of memory.
  private static let block = 64
  /// The sums that stay in the first-level cache beside what streams through.
  private static let sums = 4096
  private static let lineByteCount = 64

  /// Recognizes such a section; nil for every other one.
  init?(_ section: Section, in schedule: Schedule) {
    let buffers = section.buffers.map { schedule.buffers[$0] }
    guard let stage = section.stages.first, stage.spatial.isEmpty, stage.reduced.count == 1,
      section.stages.dropFirst().allSatisfy({ $0.loops.isEmpty && $0.isElementwise }),
      let contraction = Contraction(stage, counts: buffers.map(\.shape.elementCount))
    else { return nil }
    let depth = stage.reduced[0]
    guard depth.extent >= 2 * StreamedRows.rowsAtOnce else { return nil }
    for choice in [contraction, contraction.exchanged] {
      let loads = choice.right.steps.compactMap { step -> Place? in
        if case .define(_, .load(let place, .always)) = step { place } else { nil }
      }
      guard loads.count == 1, case .buffer(let buffer, let index) = loads[0],
        buffers[buffer].shape.elementCount >= StreamedRows.fewestElements,
        index.coefficient(of: depth.id) ?? 0 > 0,
        let columns = choice.columns(among: section.grid).first(where: { index.coefficient(of: $0.id) == 1 }),
        columns.extent >= StreamedRows.block
      else { continue }
      let rows = choice.rows(among: section.grid).filter { $0.extent > 1 }
      guard rows.count <= 1, rows.first?.extent ?? 1 <= StreamedRows.mostRows else { continue }
      (self.section, self.stage, target, self.depth) = (section, stage, choice.target, depth)
      (left, right, matrix) = (choice.left, choice.right, (loads[0], buffers[buffer].dtype.byteCount))
      (self.rows, self.columns) = (rows.first, columns)
      return
    }
    return nil
  }

  /// Writes the section's loops.
  func program(in schedule: Schedule) -> LoopProgram {
    var program = LoopProgram(section, in: schedule)
    program.body = []
    program.values = []
    program.locals = program.locals.filter { !$0.name.hasPrefix("acc") }

    let rowCount = rows?.extent ?? 1
    let pieces = columns.extent.ceilDivided(by: StreamedRows.sums / rowCount)
    let size = columns.extent.ceilDivided(by: pieces * StreamedRows.block) * StreamedRows.block
    let sums = program.makeLocal("sums", .float32, [rowCount, size])
    let piece = program.makeVariable(extent: pieces)
    let span = Span(columns, block: Index(piece), of: size)
    let body = statements(span, sums, in: &program)

    let others = section.grid.filter { $0 != rows && $0 != columns }
    var loops = others.map { Loop(variable: $0, name: "i\($0.id)", count: .constant($0.extent), body: []) }
    loops.append(Loop(variable: piece, name: "piece", count: .constant(pieces), body: []))
    program.body = loops.reversed().reduce(body) { body, loop in
      var loop = loop
      loop.body = body
      return [.loop(loop)]
    }
    program.shareAmongThreads(loops.map(\.variable.id))
    program.vectorizeInnermost()
    program.tidy()
    return program
  }

  // MARK: - Loops

  private func loop(
    _ name: String, _ count: Index, atMost extent: Int, _ kind: Loop.Kind = .serial, in program: inout LoopProgram,
    _ body: (inout LoopProgram, Index) -> [Statement]
  ) -> [Statement] {
    if count == .constant(1) || extent == 1 { return body(&program, .constant(0)) }
    let variable = program.makeVariable(extent: extent)
    let statements = body(&program, Index(variable))
    return [.loop(Loop(variable: variable, name: name, count: count, kind: kind, body: statements))]
  }

  private func overRows(
    in program: inout LoopProgram, _ body: (inout LoopProgram, Index) -> [Statement]
  ) -> [Statement] {
    let count = rows?.extent ?? 1
    return loop("row", .constant(count), atMost: count, .unrolled, in: &program, body)
  }

  /// What is done for some columns.
  private func statements(_ span: Span, _ sums: Int, in program: inout LoopProgram) -> [Statement] {
    func overColumns(
      _ program: inout LoopProgram, _ body: (inout LoopProgram, _ row: Index, _ column: Index) -> [Statement]
    ) -> [Statement] {
      overRows(in: &program) { program, row in
        loop("column", span.count, atMost: span.extent, .vector, in: &program) { program, column in
          body(&program, row, column)
        }
      }
    }
    let clear = overColumns(&program) { program, row, column in
      let zero = program.makeValue(.float32)
      return [.define(zero, .constant(.real(0))), .store(.local(sums, [row, column]), zero)]
    }
    let few = StreamedRows.rowsAtOnce
    let whole = depth.extent / few
    var products = loop("k", .constant(whole), atMost: whole, in: &program) { program, k in
      overBlocks(span, from: k * few, in: &program) { program, block in
        addProducts(span, block, sums, from: k * few, few, in: &program)
      }
    }
    let rest = depth.extent % few
    if rest > 0 {
      let blocks = span.extent.ceilDivided(by: StreamedRows.block)
      let count = (span.count + (StreamedRows.block - 1)).floorDivide(by: StreamedRows.block)
      products += loop("block", count, atMost: blocks, in: &program) { program, block in
        addProducts(span, block, sums, from: .constant(whole * few), rest, in: &program)
      }
    }
    let results = overColumns(&program) { program, row, column in
      finish(.local(sums, [row, column]), row: row, column: span[column], in: &program)
    }
    return clear + products + results
  }

  /// Goes over the blocks of columns in as many parts as rows of the matrix are added at once. Each part asks for one of
  /// the next rows, from its beginning to its end.
  private func overBlocks(
    _ span: Span, from k: Index, in program: inout LoopProgram, _ body: (inout LoopProgram, Index) -> [Statement]
  ) -> [Statement] {
    let (few, size) = (StreamedRows.rowsAtOnce, StreamedRows.block)
    let blocks = (span.count + (size - 1)).floorDivide(by: size)
    let each = span.extent.ceilDivided(by: size * few)
    let parts = span.extent.ceilDivided(by: size * each)
    let line = StreamedRows.lineByteCount / matrix.byteCount
    return loop("part", .constant(parts), atMost: parts, in: &program) { program, part in
      loop("block", Index.min(.constant(each), blocks - part * each), atMost: each, in: &program) { program, block in
        let next = (0..<few * size / line).map { number -> Statement in
          let column = span[block * (few * size) + number * line]
          return Statement.prefetch(place(matrix.place, k: k + few + part, column: column, row: .constant(0)))
        }
        return next + body(&program, part * each + block)
      }
    }
  }

  private func place(_ place: Place, k: Index, column: Index, row: Index) -> Place {
    place.substituting { self.value(of: $0, k: k, column: column, row: row) }
  }

  private func value(of range: IndexVariable, k: Index, column: Index, row: Index) -> Index? {
    if range == depth { return k }
    if range == columns { return column }
    return range == rows ? row : nil
  }

  /// Adds the products of some rows of the matrix to the sums of a block of columns.
  private func addProducts(
    _ span: Span, _ block: Index, _ sums: Int, from k: Index, _ count: Int, in program: inout LoopProgram
  ) -> [Statement] {
    let size = StreamedRows.block
    let start = block * size
    return loop("lane", Index.min(.constant(size), span.count - start), atMost: size, .vector, in: &program) {
      program, lane in
      var statements: [Statement] = []
      for number in 0..<count {
        let column = span[start + lane]
        let (b, steps) = evaluate(right, k: k + number, column: column, row: .constant(0), in: &program)
        statements += steps
        for row in 0..<(rows?.extent ?? 1) {
          let (a, steps) = evaluate(left, k: k + number, column: column, row: .constant(row), in: &program)
          statements += steps + [.multiplyAdd(.local(sums, [.constant(row), start + lane]), a, b)]
        }
      }
      return statements
    }
  }

  /// Copies the steps of a factor; returns its value.
  private func evaluate(
    _ factor: Contraction.Factor, k: Index, column: Index, row: Index, in program: inout LoopProgram
  ) -> (Value, [Statement]) {
    var renamed: [Value: Value] = [:]
    var statements: [Statement] = []
    for case .define(let value, let instruction) in factor.steps {
      renamed[value] = program.makeValue(stage.values[value])
      statements.append(
        .define(
          renamed[value]!,
          instruction.map(
            values: { renamed[$0]! }, replacing: { self.value(of: $0, k: k, column: column, row: row) })))
    }
    return (renamed[factor.value]!, statements)
  }

  /// What the section does with a sum.
  private func finish(_ sum: Place, row: Index, column: Index, in program: inout LoopProgram) -> [Statement] {
    let replace = { (range: IndexVariable) in value(of: range, k: .constant(0), column: column, row: row) }
    var statements: [Statement] = []
    if case .buffer = target {
      let value = program.makeValue(.float32)
      statements = [.define(value, .load(sum, .always)), .store(target.substituting(replace), value)]
    }
    for stage in section.stages.dropFirst() {
      statements += program.copy(stage, at: replace, place: { $0.isSameArray(as: target) ? sum : nil })
    }
    return statements
  }
}
