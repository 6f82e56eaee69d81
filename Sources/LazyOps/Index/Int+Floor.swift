// Integer division as index expressions mean it: rounded towards negative infinity.
extension Int {
  /// Divides by a positive number and rounds towards negative infinity: -1 by 4 gives -1.
  package func floorDivided(by divisor: Int) -> Int {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }

  /// Returns what `floorDivided(by:)` leaves, from 0 to `divisor` - 1: -1 by 4 leaves 3.
  package func floorRemainder(by divisor: Int) -> Int {
    let remainder = self % divisor
    return remainder < 0 ? remainder + divisor : remainder
  }

  /// Divides by a positive number and rounds towards positive infinity: 5 by 4 gives 2.
  package func ceilDivided(by divisor: Int) -> Int {
    let quotient = self / divisor
    return self % divisor > 0 ? quotient + 1 : quotient
  }

  /// Returns the largest number that divides both; of 0 and x it is the magnitude of x.
  package static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
    var (x, y) = (a.magnitude, b.magnitude)
    while y != 0 { (x, y) = (y, x % y) }
    return Int(x)
  }

  /// Adds, and stays at the largest or smallest number where the sum does not fit.
  package func addingSaturated(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? (other > 0 ? .max : .min) : sum
  }

  /// Subtracts, and stays at the largest or smallest number where the difference does not fit.
  package func subtractingSaturated(_ other: Int) -> Int {
    let (difference, overflow) = subtractingReportingOverflow(other)
    return overflow ? (other < 0 ? .max : .min) : difference
  }

  /// Multiplies, and stays at the largest or smallest number where the product does not fit.
  package func multipliedSaturated(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? ((self < 0) == (other < 0) ? .max : .min) : product
  }
}
