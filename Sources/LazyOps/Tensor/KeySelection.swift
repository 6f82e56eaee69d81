/// How the first few of many keys are found with the least work: all are sorted, or they fall into blocks of which only
/// those with the least keys are looked at.
struct KeySelection {
  private let bits: Int
  private let count: Int
  private var plans: [Int: (work: Int, blockSize: Int?)] = [:]

  /// The digits a radix pass may have.
  private static let digits = [4, 6, 8, 11]
  /// The sizes blocks may have.
  private static let sizes = [4, 8, 16, 32, 64, 128]
  /// The work of going over as many keys in vector lanes as is done for one key in a radix pass, and that of fetching a
  /// key from anywhere.
  private static let lanes = 8
  private static let fetching = 2

  /// Prepares to find the first `count` of keys of some bits.
  init(bits: Int, count: Int) { (self.bits, self.count) = (bits, count) }

  /// The digit with which so many keys are sorted with the least work. A pass goes over the keys twice and over all values
  /// of the digit.
  static func digit(bits: Int, extent: Int) -> (width: Int, work: Int) {
    digits.filter { $0 <= bits }.map { ($0, (bits + $0 - 1) / $0 * (2 * extent + 2 << $0)) }.min { $0.1 < $1.1 }!
  }

  /// The size of the blocks into which a number of keys falls; nil where they are better sorted.
  mutating func blockSize(among extent: Int) -> Int? { plan(extent).blockSize }

  private mutating func plan(_ extent: Int) -> (work: Int, blockSize: Int?) {
    if let known = plans[extent] { return known }
    var best: (work: Int, blockSize: Int?) = (KeySelection.digit(bits: bits, extent: extent).work, nil)
    for size in KeySelection.sizes {
      let (blocks, candidates) = ((extent + size - 1) / size, size * count)
      guard count > 0, blocks > count, candidates < extent else { continue }
      let passing = extent / KeySelection.lanes + candidates * KeySelection.fetching
      let work = passing + plan(blocks).work + plan(candidates).work
      if work < best.work { best = (work, size) }
    }
    plans[extent] = best
    return best
  }
}
