/// How keys are sorted with the least work.
struct KeySorting {
  enum Method: Equatable {
    /// Each key's place is the number of keys before it: work that grows with the square, but is done in vector lanes.
    case counting
    /// One pass over the keys for each digit of so many bits.
    case radix(digit: Int)
  }

  let method: Method
  /// As many times the work that a radix pass does for one key.
  let work: Int

  /// The digits a radix pass may have.
  private static let digits = [4, 6, 8, 11]
  /// How many pairs of keys are compared meanwhile.
  private static let pairs = 16

  /// Finds the method for keys of some bits.
  init(bits: Int, extent: Int) {
    // A pass goes over the keys twice and over all values of the digit.
    let radix = KeySorting.digits.filter { $0 <= bits }
      .map { (digit: $0, work: (bits + $0 - 1) / $0 * (2 * extent + 2 << $0)) }.min { $0.work < $1.work }!
    let counting = extent * extent / KeySorting.pairs
    (method, work) = counting < radix.work ? (.counting, counting) : (.radix(digit: radix.digit), radix.work)
  }
}
