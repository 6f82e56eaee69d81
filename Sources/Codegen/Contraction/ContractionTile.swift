import LazyOps

/// The sums that are kept in vector registers while the reduced ranges run: rows x vectors of `width` columns.
struct ContractionTile: Equatable {
  let rows: Int
  let vectors: Int
  let width: Int

  var columns: Int { vectors * width }

  /// The tiles that fill a machine's registers, the one that is best in itself first, and smaller ones for what they
  /// would not cover well.
  private static func shapes(_ vectorByteCount: Int) -> [(rows: Int, vectors: Int)] {
    vectorByteCount == 64 ? [(8, 3), (6, 4), (12, 2), (14, 1), (8, 2)] : [(6, 2), (4, 3), (12, 1)]
  }

  /// The time of one product for each sum, in halves of a cycle: two vectors are multiplied and added in a cycle, or two
  /// loaded; a sum waits four cycles for the one before; and the loop goes on.
  private var time: Int { Swift.max(rows * vectors, rows + vectors, 8) + 1 }

  /// The most vectors where there is a single row: long runs of memory are read.
  private static let mostVectors = (few: 8, many: 16)

  /// How much more time, in parts of this number, the tiles that cover a result may take before others are chosen.
  private static let tolerance = 64

  /// Chooses the tile that covers a result of `rows` x `columns` in the least time.
  static func choose(rows: Int, columns: Int, vectorByteCount: Int) -> ContractionTile {
    var width = vectorByteCount / 4
    while width > columns, width > 4 { width /= 2 }
    let needed = columns.ceilDivided(by: width)
    if rows == 1 {
      return ContractionTile(
        rows: 1, vectors: Swift.min(needed, vectorByteCount == 64 ? mostVectors.many : mostVectors.few), width: width)
    }
    var best: (tile: ContractionTile, time: Int)?
    for shape in shapes(vectorByteCount) {
      let vectors = Swift.min(shape.vectors, needed)
      let tile = ContractionTile(rows: Swift.min(shape.rows, rows), vectors: vectors, width: width)
      let time = rows.ceilDivided(by: tile.rows) * needed.ceilDivided(by: vectors) * tile.time
      if let best, time > best.time - best.time / tolerance { continue }
      best = (tile, time)
    }
    return best!.tile
  }
}
