/// How the first few of many keys are found with the least work: all are sorted, or they fall into blocks of which only
/// those with the least keys are looked at.
struct KeySelection {
  private let bits: Int
  private let count: Int
  private var plans: [Int: (work: Int, blockSize: Int?)] = [:]

  /// The sizes blocks may have.
  private static let sizes = [2, 4, 8, 16, 32, 64, 128]
  /// How many keys vector lanes go over in the time that a radix pass takes for one.
  private static let lanes = 8
  /// The work of fetching a key from anywhere, and what is spent on a level however few its keys are.
  private static let fetching = 2
  private static let overhead = 300
  /// The blocks whose first keys stay in the first-level cache.
  private static let cachedBlocks = 4096

  /// Prepares to find the first `count` of keys of some bits.
  init(bits: Int, count: Int) { (self.bits, self.count) = (bits, count) }

  /// The size of the blocks into which a number of keys falls; nil where they are better sorted.
  mutating func blockSize(among extent: Int) -> Int? { plan(extent).blockSize }

  private mutating func plan(_ extent: Int) -> (work: Int, blockSize: Int?) {
    if let known = plans[extent] { return known }
    var best: (work: Int, blockSize: Int?) = (KeySorting(bits: bits, extent: extent).work, nil)
    for size in KeySelection.sizes {
      let (blocks, rest) = extent.quotientAndRemainder(dividingBy: size)
      let candidates = size * count + rest
      guard count > 0, blocks > count, blocks >= size, candidates < extent else { continue }
      let passing =
        extent / KeySelection.lanes + candidates * KeySelection.fetching + KeySelection.overhead
        + (blocks > KeySelection.cachedBlocks ? blocks : 0)
      let work = passing + plan(blocks).work + plan(candidates).work
      if work < best.work { best = (work, size) }
    }
    plans[extent] = best
    return best
  }
}
