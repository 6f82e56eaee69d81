import LazyOps
import LazyScheduler

/// A section that is a sum of products over grid-wide tiles: matrix products, convolutions, einsums, with what is done
/// to their elements afterwards.
///
/// Its ranges are sorted by which operand they move: `rows` moves only the left one, `columns` only the right one.
/// There are two ways to fill vector registers. *Columns in lanes*: the right operand's columns lie side by side; a
/// register tile of rows x columns is kept while one element of the left operand after the other is broadcast.
/// *Reduction in lanes*: both operands lie side by side along the reduced range; each result of the tile has a register
/// of partial sums.
struct Contraction {
  enum Lanes { case columns, reduction }

  /// One operand: an element of a buffer.
  struct Operand {
    let buffer: Int
    let index: Index
  }

  let stage: Stage
  let left: Operand
  let right: Operand
  let lanes: Lanes
  /// The range of the left operand's rows, and how many of them a tile has; nil for a single row.
  let rows: IndexVariable?
  /// The range of the right operand's columns; nil for a single column.
  let columns: IndexVariable?
  /// The range in lanes: `columns` or the innermost reduced range.
  let vectorized: IndexVariable
  /// The elements of one vector register.
  let width: Int
  let tile: (rows: Int, columns: Int)
  /// The columns of a tile whose sums are in registers at once.
  let registerColumns: Int

  /// The register tile where the reduction is in lanes, and how many lie side by side in one tile, so that what follows
  /// the sums has whole registers to work on.
  private static func dotTile(_ vectorByteCount: Int) -> (rows: Int, columns: Int, groups: Int) {
    vectorByteCount == 64 ? (6, 4, 16) : (4, 2, 16)
  }

  /// The fewest multiply-adds for which a register tile pays.
  private static let smallest = 2048

  /// Recognizes a contraction; nil for every other section.
  init?(_ section: Section, vectorByteCount: Int) {
    guard let stage = section.stages.first, stage.spatial.isEmpty, !stage.reduced.isEmpty,
      section.stages.dropFirst().allSatisfy({ $0.loops.isEmpty && $0.isElementwise }),
      let (a, b) = stage.factors
    else { return nil }
    let turns = stage.reduced.reduce(section.gridPoints) { $0 * $1.extent }
    guard turns >= Contraction.smallest else { return nil }
    self.stage = stage
    let registerWidth = vectorByteCount / DType.float32.byteCount

    /// The longest grid range that moves one operand and not the other.
    func longest(moving moved: Operand, not other: Operand) -> IndexVariable? {
      let fitting = section.grid.filter { range in
        let stride = moved.index.coefficient(of: range.id)
        return stride != 0 && !other.index.contains(range.id)
      }
      return fitting.max { $0.extent < $1.extent }
    }
    func sideBySide(_ moved: Operand, not other: Operand) -> IndexVariable? {
      section.grid.last { $0.extent >= 4 && moved.index.coefficient(of: $0.id) == 1 && !other.index.contains($0.id) }
    }

    let depth = stage.reduced[stage.reduced.count - 1]
    let isDot = a.index.coefficient(of: depth.id) == 1 && b.index.coefficient(of: depth.id) == 1
    if isDot, depth.extent >= 2 * registerWidth {
      (lanes, left, right, vectorized, width) = (.reduction, a, b, depth, registerWidth)
      rows = longest(moving: a, not: b)
      columns = longest(moving: b, not: a)
      let registers = Contraction.dotTile(vectorByteCount)
      registerColumns = Swift.min(registers.columns, columns?.extent ?? 1)
      let groups = Swift.min(registers.groups, (columns?.extent ?? 1) / registerColumns)
      tile = (Swift.min(registers.rows, rows?.extent ?? 1), groups * registerColumns)
      return
    }
    lanes = .columns
    let choices = [(a, b), (b, a)].compactMap { left, right in
      sideBySide(right, not: left).map { (left: left, right: right, columns: $0) }
    }
    guard let choice = choices.max(by: { $0.columns.extent < $1.columns.extent }) else {
      // Nothing lies side by side: a tile of scalars still keeps many sums going at once.
      guard let range = longest(moving: b, not: a) else { return nil }
      (left, right, columns, vectorized, width) = (a, b, range, range, 1)
      rows = longest(moving: a, not: b)
      tile = (Swift.min(4, rows?.extent ?? 1), Swift.min(4, range.extent))
      registerColumns = tile.columns
      return
    }
    (left, right, columns, vectorized) = (choice.left, choice.right, choice.columns, choice.columns)
    rows = longest(moving: left, not: right)
    var width = registerWidth
    while width > vectorized.extent { width /= 2 }
    self.width = width
    let registers = vectorByteCount == 64 ? (rows: 8, vectors: 3) : (rows: 6, vectors: 2)
    let vectors = Swift.min(registers.vectors, vectorized.extent / width)
    tile = (Swift.min(registers.rows, rows?.extent ?? 1), vectors * width)
    registerColumns = tile.columns
  }
}

extension Stage {
  /// The two loads whose product the stage sums up, and nothing else; nil for every other stage.
  fileprivate var factors: (Contraction.Operand, Contraction.Operand)? {
    guard results.count == 1, case .reduce(.sum, let sum, _) = results[0], values[sum] == .float32 else { return nil }
    var loads: [Value: Contraction.Operand] = [:]
    var product: (Value, Value)?
    for step in steps {
      switch step {
      case .define(let value, .load(.buffer(let buffer, let index), .always)) where values[value] == .float32:
        loads[value] = Contraction.Operand(buffer: buffer, index: index)
      case .define(sum, .binary(.multiply, let a, let b)): product = (a, b)
      case .define, .bind: return nil
      }
    }
    guard let product, let a = loads[product.0], let b = loads[product.1] else { return nil }
    return (a, b)
  }

  /// Whether the stage only stores what it computes at its point.
  fileprivate var isElementwise: Bool {
    results.allSatisfy { if case .store = $0 { true } else { false } }
  }
}
