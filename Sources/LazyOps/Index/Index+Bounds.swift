extension Index {
  /// The values the expression can take, found by interval arithmetic: every value lies inside, but not every number
  /// inside need be a value. Ends that do not fit an `Int` stay at its limits.
  package var bounds: ClosedRange<Int> {
    switch self {
    case .constant(let value):
      return value...value
    case .variable(let variable):
      return variable.bounds
    case .sum(let constant, let terms):
      return Index.bounds(constant: constant, terms: terms)
    case .floorDivide(let dividend, let divisor):
      let range = dividend.bounds
      return range.lowerBound.floorDivided(by: divisor)...range.upperBound.floorDivided(by: divisor)
    case .modulo(let dividend, let divisor):
      let range = dividend.bounds
      guard range.lowerBound.floorDivided(by: divisor) == range.upperBound.floorDivided(by: divisor) else {
        return 0...(divisor - 1)
      }
      return range.lowerBound.floorRemainder(by: divisor)...range.upperBound.floorRemainder(by: divisor)
    case .minimum(let a, let b):
      let (a, b) = (a.bounds, b.bounds)
      return Swift.min(a.lowerBound, b.lowerBound)...Swift.min(a.upperBound, b.upperBound)
    case .maximum(let a, let b):
      let (a, b) = (a.bounds, b.bounds)
      return Swift.max(a.lowerBound, b.lowerBound)...Swift.max(a.upperBound, b.upperBound)
    }
  }

  /// The bounds of a sum that has not been built.
  static func bounds(constant: Int, terms: some Sequence<IndexTerm>) -> ClosedRange<Int> {
    var (lower, upper) = (constant, constant)
    for term in terms {
      let range = term.atom.bounds
      let atLower = range.lowerBound.multipliedSaturated(by: term.coefficient)
      let atUpper = range.upperBound.multipliedSaturated(by: term.coefficient)
      lower = lower.addingSaturated(Swift.min(atLower, atUpper))
      upper = upper.addingSaturated(Swift.max(atLower, atUpper))
    }
    return lower...upper
  }

  /// The quotient by `divisor` that all values between two bounds have in common, or nil where there are several.
  static func commonQuotient(_ range: ClosedRange<Int>, by divisor: Int) -> Int? {
    let quotient = range.lowerBound.floorDivided(by: divisor)
    return quotient == range.upperBound.floorDivided(by: divisor) ? quotient : nil
  }
}
