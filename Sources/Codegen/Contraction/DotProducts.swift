import LazyOps
import LazyScheduler

/// A section of few rows or few columns whose results are dot products: both operands lie side by side along the reduced
/// range, and each result of a tile has a register of partial sums. What is done to the results afterwards is part of it.
///
/// Its ranges are sorted by which operand they move: `rows` moves only the left one, `columns` only the right one.
struct DotProducts {
  /// One operand: an element of a buffer.
  struct Operand {
    let buffer: Int
    let index: Index
  }

  let stage: Stage
  let left: Operand
  let right: Operand
  /// The range of the left operand's rows, and how many of them a tile has; nil for a single row.
  let rows: IndexVariable?
  /// The range of the right operand's columns; nil for a single column.
  let columns: IndexVariable?
  /// The range in lanes: the innermost reduced one.
  let vectorized: IndexVariable
  /// The elements of one vector register.
  let width: Int
  let tile: (rows: Int, columns: Int)
  /// The columns of a tile whose sums are in registers at once.
  let registerColumns: Int
  /// Whether the right operand is in no cache, and its columns lie one after the other in memory.
  let isStreamed: Bool

  /// The register tile where the reduction is in lanes, and how many lie side by side in one tile, so that what follows
  /// the sums has whole registers to work on.
  private static func dotTile(_ vectorByteCount: Int) -> (rows: Int, columns: Int, groups: Int) {
    vectorByteCount == 64 ? (6, 4, 16) : (4, 2, 16)
  }

  /// The most rows, or columns, for which one register tile after the other of this kind is best.
  private static let few = 8

  /// The most rows for which the other operand is only read, and the elements from which on it is in no cache.
  private static let streaming = (rows: 4, elements: 1 << 17)

  /// Recognizes such a section; nil for every other one.
  init?(_ section: Section, in schedule: Schedule, vectorByteCount: Int) {
    guard let stage = section.stages.first, stage.spatial.isEmpty, !stage.reduced.isEmpty, stage.ends.isEmpty,
      section.stages.dropFirst().allSatisfy({ $0.loops.isEmpty && $0.isElementwise }),
      var (a, b) = stage.factors
    else { return nil }
    let turns = stage.reduced.reduce(section.gridPoints) { $0 * $1.extent }
    guard turns >= TiledSection.smallest else { return nil }
    self.stage = stage
    width = vectorByteCount / DType.float32.byteCount

    /// The longest grid range that moves one operand and not the other.
    func longest(moving moved: Operand, not other: Operand) -> IndexVariable? {
      let fitting = section.grid.filter { range in
        let stride = moved.index.coefficient(of: range.id)
        return stride != 0 && !other.index.contains(range.id)
      }
      return fitting.max { $0.extent < $1.extent }
    }
    vectorized = stage.reduced[stage.reduced.count - 1]
    if longest(moving: a, not: b)?.extent ?? 1 > longest(moving: b, not: a)?.extent ?? 1 { (a, b) = (b, a) }
    (left, right) = (a, b)
    rows = longest(moving: a, not: b)
    columns = longest(moving: b, not: a)
    let depth = vectorized
    let isDot = [a, b].allSatisfy { $0.index.coefficient(of: depth.id) == 1 }
    let isFlat = Swift.min(rows?.extent ?? 1, columns?.extent ?? 1) <= DotProducts.few
    guard isDot, isFlat, [rows, columns].allSatisfy({ $0.map { section.ends[$0] == nil } ?? true }),
      vectorized.extent >= 2 * width
    else { return nil }
    let streaming = DotProducts.streaming
    let registers = DotProducts.dotTile(vectorByteCount)
    isStreamed =
      rows?.extent ?? 1 <= streaming.rows && stage.reduced.count == 1
      && schedule.buffers[section.buffers[right.buffer]].shape.elementCount >= streaming.elements
      && columns.map { b.index.coefficient(of: $0.id) == depth.extent } ?? false
    registerColumns = Swift.min(registers.columns, columns?.extent ?? 1)
    let groups = Swift.min(registers.groups, (columns?.extent ?? 1) / registerColumns)
    tile = (Swift.min(registers.rows, rows?.extent ?? 1), groups * registerColumns)
  }
}

extension Stage {
  /// The two loads whose product the stage sums up, and nothing else; nil for every other stage.
  fileprivate var factors: (DotProducts.Operand, DotProducts.Operand)? {
    guard results.count == 1, case .reduce(.sum, let sum, _) = results[0], values[sum] == .float32 else { return nil }
    var loads: [Value: DotProducts.Operand] = [:]
    var product: (Value, Value)?
    for step in steps {
      switch step {
      case .define(let value, .load(.buffer(let buffer, let index), .always)) where values[value] == .float32:
        loads[value] = DotProducts.Operand(buffer: buffer, index: index)
      case .define(sum, .binary(.multiply, let a, let b)): product = (a, b)
      case .define, .bind: return nil
      }
    }
    guard let product, let a = loads[product.0], let b = loads[product.1] else { return nil }
    return (a, b)
  }
}
