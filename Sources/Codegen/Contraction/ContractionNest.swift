import LazyOps
import LazyScheduler

/// The loops that compute some rows and columns of a contraction, one after the other, on one thread.
///
///     for block of the reduced ranges
///       pack the right factor: panels as wide as a tile, or an input patch
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
  /// Whether columns with one value of the outermost range, a line, are kept apart from those with the next: their results
  /// lie elsewhere, or a patch has more columns in a line than are needed.
  let hasLines: Bool
  /// The reduced ranges, outermost first. At most one of them has a length that is not known, and only with those
  /// outside it of length 1.
  let depth: [Span]
  let tile: ContractionTile
  let packsLeft: Bool
  /// Whether the products of a block are summed up in a loop for each reduced range: the left factor is read where it is,
  /// and no single step leads from each of its elements to the next.
  let sumsRangeByRange: Bool
  let packsRight: Bool
  /// How the right factor is packed where neighbouring columns share elements; nil where each column has its own.
  let patch: InputPatch?
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
  ///   - areContinued: whether the results of one value of the columns' range go on where those of the one before end.
  ///   - depth: the reduced ranges, all of them if nil.
  ///   - tile: the register tile; the best for the numbers of rows and columns if nil.
  init(
    _ contraction: Contraction, rows: Span?, columns: Span, innerColumns: [IndexVariable] = [],
    areContinued: Bool = true, depth: [Span]? = nil, tile: ContractionTile? = nil, vectorByteCount: Int
  ) {
    let depth = depth ?? contraction.depthOrder.map { Span($0, of: contraction.stage) }
    let columnExtent = innerColumns.reduce(columns.extent) { $0 * $1.extent }
    func best(_ columns: Int) -> ContractionTile {
      tile ?? .choose(rows: rows?.extent ?? 1, columns: columns, vectorByteCount: vectorByteCount)
    }
    let plain = best(columnExtent)
    (self.contraction, self.rows, self.columns, self.depth) = (contraction, rows, columns, depth)
    self.innerColumns = innerColumns

    // From the inside out, as many whole ranges as a block holds.
    var (position, inner) = (depth.count - 1, 1)
    while position > 0, depth[position].isConstant, inner * depth[position].extent * 2 <= ContractionNest.depthBlock {
      inner *= depth[position].extent
      position -= 1
    }
    let extent = depth[position].extent
    let isSingle = (rows?.extent ?? 1) <= plain.rows
    let most = isSingle ? extent : Swift.max(1, ContractionNest.depthBlock / inner)
    blocked = (position, extent.ceilDivided(by: extent.ceilDivided(by: most)))

    let k = IndexVariable(id: -1, extent: inner * blocked.size)
    let values = ContractionNest.values(of: depth, inside: position, at: Index(k), from: .constant(0))
    func isEven(_ factor: Contraction.Factor) -> Bool {
      factor.place?.indices.allSatisfy { $0.substituting { values[$0] }.coefficient(of: k.id) != nil } ?? false
    }
    let right = contraction.right
    let isSideBySide = isEven(right) && right.stride(of: columns.range) == 1
    if isSideBySide, innerColumns.isEmpty, columns.extent >= plain.columns {
      let isFar = abs(right.stride(of: depth[depth.count - 1].range) ?? .max) > ContractionNest.nearRows
      if case .local = right.place {
        packsRight = false
      } else {
        packsRight = isFar && (rows?.extent ?? 1) > ContractionNest.fewRows
      }
    } else {
      packsRight = true
    }
    let isWhole = depth[position].isConstant && blocked.size == extent
    patch =
      packsRight && rows != nil
      ? InputPatch(
        right, columns: [columns.range] + innerColumns, depth: depth[position...],
        whole: depth[(isWhole ? position : position + 1)...], rows: rows!.extent) : nil
    hasLines = innerColumns.count == 1 && (!areContinued || patch != nil)
    let isAffine = contraction.left.place?.indices.allSatisfy { index in
      depth[position...].allSatisfy { index.coefficient(of: $0.range.id) != nil }
    }
    packsLeft = isAffine != true
    sumsRangeByRange = !packsLeft && !isEven(contraction.left)
    if let patch, patch.axes.count == 2 {
      self.tile = best((columns.extent - 1) * patch.line + innerColumns[0].extent)
    } else {
      self.tile = plain
    }
  }

  /// The values of the reduced ranges at position `k` of a block: `start` is where the block begins in the range that
  /// falls into blocks.
  static func values(
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

    /// The element at positions of which the second may be given by the values of the columns' ranges.
    init(_ nest: ContractionNest, row: Index, column: Index, values: [IndexVariable: Index]? = nil) {
      (self.row, self.column) = (row, column)
      var values = values ?? nest.values(ofColumn: column)
      if let rows = nest.rows { values[rows.range] = rows[row] }
      self.values = values
    }

    /// What stands for a range in what is done at this element; nil for other ranges.
    func value(of range: IndexVariable) -> Index? { values[range] }
  }

  /// How many columns later the next value of the outermost of their ranges begins.
  var innerExtent: Int { patch?.line ?? innerColumns.reduce(1) { $0 * $1.extent } }

  /// The columns that a patch has in addition in every line, and which are not needed.
  private var unneeded: Int { patch == nil ? 0 : innerExtent - innerColumns.reduce(1) { $0 * $1.extent } }

  var columnCount: Index { columns.count * innerExtent - unneeded }

  var columnExtent: Int { columns.extent * innerExtent - unneeded }

  /// The elements of the right factor that are packed for a column.
  var packedRows: Int { blockExtent / (patch?.tapCount ?? 1) }

  /// The values of the columns' ranges at a position.
  func values(ofColumn position: Index) -> [IndexVariable: Index] {
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
    packsRight && patch == nil && hasOneBlock && innerColumns.isEmpty && columns.first == .constant(0)
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

  /// Writes the loops that add the sums to what is at the stage's own target.
  func statementsAdding(in program: inout LoopProgram) -> [Statement] {
    var writer = NestWriter(self, program)
    writer.adds = true
    let statements = writer.write({ at in contraction.target.substituting { at.value(of: $0) } }, nil)
    program = writer.program
    return statements
  }

  /// Writes the loops that leave the sums at the stage's own target.
  func statements(in program: inout LoopProgram) -> [Statement] {
    statements(in: &program, partial: { at in contraction.target.substituting { at.value(of: $0) } }, finish: nil)
  }
}
