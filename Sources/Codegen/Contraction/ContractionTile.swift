import LazyOps

/// The sums that are kept in vector registers while the reduced ranges run: rows x vectors of `width` columns.
struct ContractionTile: Equatable {
  let rows: Int
  let vectors: Int
  let width: Int

  var columns: Int { vectors * width }

  /// The tiles that fill a machine's registers, the one that is best in itself first.
  private static func shapes(_ vectorByteCount: Int) -> [(rows: Int, vectors: Int)] {
    vectorByteCount == 64 ? [(8, 3), (6, 4), (12, 2), (14, 1)] : [(6, 2), (4, 3), (12, 1)]
  }

  /// The most vectors where there is a single row: long runs of memory are read.
  private static let mostVectors = (few: 8, many: 16)

  /// How much larger, in parts of this number, the whole tiles that cover a result may be before others are chosen.
  private static let tolerance = 64

  /// Chooses the tile for a result of `rows` x `columns` that leaves least of its registers unused.
  static func choose(rows: Int, columns: Int, vectorByteCount: Int) -> ContractionTile {
    var width = vectorByteCount / 4
    while width > columns, width > 4 { width /= 2 }
    let needed = columns.ceilDivided(by: width)
    if rows == 1 {
      return ContractionTile(
        rows: 1, vectors: Swift.min(needed, vectorByteCount == 64 ? mostVectors.many : mostVectors.few), width: width)
    }
    var best: (tile: ContractionTile, area: Int)?
    for shape in shapes(vectorByteCount) {
      let vectors = Swift.min(shape.vectors, needed)
      let tile = ContractionTile(rows: Swift.min(shape.rows, rows), vectors: vectors, width: width)
      let area = tile.rows * rows.ceilDivided(by: tile.rows) * vectors * needed.ceilDivided(by: vectors)
      if let best, area > best.area - best.area / tolerance { continue }
      best = (tile, area)
    }
    return best!.tile
  }
}
