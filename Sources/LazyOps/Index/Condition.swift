/// The condition that an index expression lies in a range: `range.lowerBound <= index < range.upperBound`.
///
/// It is kept in normal form, so that equal meanings mostly are equal values: the index has no constant, no common
/// factor and no leading minus, the range holds no number beyond the index's bounds, and what the bounds decide is one
/// of `certain` and `impossible`.
package struct Condition: Hashable, Sendable {
  /// The expression that is compared.
  package let index: Index
  /// The values it may have.
  package let range: Range<Int>

  /// The condition that always holds.
  package static let certain = Condition(decided: true)
  /// The condition that never holds.
  package static let impossible = Condition(decided: false)

  /// Creates the condition that `index` lies in `range`. An end at a limit of `Int` means no end.
  package init(_ index: Index, in range: Range<Int>) {
    var index = index
    var (lower, upper) = (range.lowerBound, range.upperBound)
    while true {
      let bounds = index.bounds
      lower = Swift.max(lower, bounds.lowerBound)
      upper = Swift.min(upper, bounds.upperBound.addingSaturated(1))
      if lower >= upper {
        self = .impossible
        return
      }
      // An upper bound at the limit has no successor to compare with: nothing lies above it.
      if lower == bounds.lowerBound, upper > bounds.upperBound || upper == .max {
        self = .certain
        return
      }
      guard let simpler = Condition.simplify(index, &lower, &upper) else { break }
      index = simpler
    }
    self.index = index
    self.range = lower..<upper
  }

  private init(decided: Bool) {
    index = .constant(0)
    range = decided ? 0..<1 : 0..<0
  }

  /// Whether the condition always or never holds, or nil where it depends on the variables.
  package var decided: Bool? {
    guard case .constant = index else { return nil }
    return !range.isEmpty
  }

  /// Whether the range's lower end excludes anything; where not, a renderer needs one comparison only.
  package var boundsBelow: Bool { range.lowerBound > index.bounds.lowerBound }

  /// Whether the range's upper end excludes anything; where not, a renderer needs one comparison only.
  package var boundsAbove: Bool { range.upperBound <= index.bounds.upperBound }

  /// Tells whether the condition holds for values of the variables.
  package func evaluate(_ value: (IndexVariable) -> Int) -> Bool { range.contains(index.evaluate(value)) }

  /// Replaces variables by expressions and simplifies, as `Index.substituting` does.
  package func substituting(_ replace: (IndexVariable) -> Index?) -> Condition {
    let replaced = index.substituting(replace)
    if replaced == index { return self }
    // An end that excluded nothing still excludes nothing, even if the new variables' bounds do not tell.
    return Condition(
      replaced, in: (boundsBelow ? range.lowerBound : .min)..<(boundsAbove ? range.upperBound : .max))
  }

  /// Does one step of simplification and adjusts the ends, which lie within the index's bounds; nil where none is left.
  private static func simplify(_ index: Index, _ lower: inout Int, _ upper: inout Int) -> Index? {
    switch index {
    case .constant, .variable, .modulo, .minimum, .maximum:
      return nil
    case .floorDivide(let dividend, let divisor):
      // a <= x/n < b means a*n <= x < b*n.
      lower = lower.multipliedSaturated(by: divisor)
      upper = upper.multipliedSaturated(by: divisor)
      return dividend
    case .sum(let constant, let terms):
      if constant != 0 {
        lower = lower == .min ? lower : lower.subtractingSaturated(constant)
        upper = upper == .max ? upper : upper.subtractingSaturated(constant)
        return index - constant
      }
      if terms[0].coefficient < 0 {
        // a <= -x < b means 1 - b <= x < 1 - a.
        (lower, upper) = (negated(upper), negated(lower))
        return -index
      }
      return quotient(terms, &lower, &upper)
    }
  }

  private static func negated(_ end: Int) -> Int {
    end == .max ? .min : (end == .min ? .max : 1.subtractingSaturated(end))
  }

  /// Writes the sum as `factor * multiple + rest` and drops the rest where no value of it matters: 4*i + j < 8 means
  /// i < 2 where j is from 0 to 3. The largest such factor is found.
  private static func quotient(_ terms: [IndexTerm], _ lower: inout Int, _ upper: inout Int) -> Index? {
    var factors: [Int] = []
    for term in terms {
      let own = Int.greatestCommonDivisor(term.coefficient, 0)
      if own == 1 { continue }
      for factor in factors {
        let common = Int.greatestCommonDivisor(factor, own)
        if common > 1, !factors.contains(common) { factors.append(common) }
      }
      if !factors.contains(own) { factors.append(own) }
    }
    for factor in factors.sorted(by: >) {
      let rest = Index.bounds(constant: 0, terms: terms.lazy.filter { $0.coefficient % factor != 0 })
      // factor*x + r >= lower means x >= (lower - r)/factor, rounded up; for all r it has to be the same number.
      guard let newLower = commonCeiling(lower, rest, factor), let newUpper = commonCeiling(upper, rest, factor)
      else { continue }
      (lower, upper) = (newLower, newUpper)
      let multiple = terms.filter { $0.coefficient % factor == 0 }
        .map { IndexTerm(coefficient: $0.coefficient / factor, atom: $0.atom) }
      return Index.sum(0, of: multiple)
    }
    return nil
  }

  private static func commonCeiling(_ end: Int, _ rest: ClosedRange<Int>, _ factor: Int) -> Int? {
    if end == .min || end == .max { return end }
    let first = end.subtractingSaturated(rest.lowerBound).ceilDivided(by: factor)
    return first == end.subtractingSaturated(rest.upperBound).ceilDivided(by: factor) ? first : nil
  }
}
