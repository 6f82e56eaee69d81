package import LazyOps

/// What is known about index variables at one point of a program: which exist, how far each counts, and what
/// conditions around the point say about them.
///
/// Bounds found here are tighter than `Index.bounds`, because a loop's count may depend on variables outside it:
/// in `for i in 0..<min(4, n - 4*o)` the sum 4*o + i stays below n, although 4*o + 3 alone may not.
package struct IndexScope {
  private struct Entry {
    var range: ClosedRange<Int>
    /// The loop's count, where it is not constant.
    var count: Index?
    var depth: Int
  }

  private var entries: [Int: Entry] = [:]
  /// Whether conditions that contradict each other surround the point: nothing there ever runs.
  package private(set) var isUnreachable = false
  /// Whether a condition surrounds the point that the ranges of single variables do not express.
  package private(set) var hasOtherConditions = false

  package init() {}

  /// Adds a loop's variable, or one without a count whose own bounds are all that is known.
  package mutating func enter(_ variable: IndexVariable, count: Index? = nil) {
    let symbolic = count?.constantValue == nil ? count : nil
    entries[variable.id] = Entry(range: variable.bounds, count: symbolic, depth: entries.count)
  }

  /// Whether a variable exists at this point.
  package func contains(_ variable: IndexVariable) -> Bool { entries[variable.id] != nil }

  /// Adds what a condition that holds here says.
  package mutating func assume(_ condition: Condition) {
    if condition.decided == false { isUnreachable = true }
    guard condition.decided == nil else { return }
    guard case .variable(let variable) = condition.index, let entry = entries[variable.id] else {
      hasOtherConditions = true
      return
    }
    let lower = max(entry.range.lowerBound, condition.range.lowerBound)
    let upper = min(entry.range.upperBound, condition.range.upperBound - 1)
    if lower > upper { isUnreachable = true } else { entries[variable.id]!.range = lower...upper }
  }

  /// Adds what a mask that holds here says.
  package mutating func assume(_ mask: Mask) { for condition in mask.conditions { assume(condition) } }

  /// The values an expression can take at this point; not every number inside need be one.
  package func bounds(of index: Index) -> ClosedRange<Int> {
    let (lower, upper) = (lowerBound(of: index), upperBound(of: index))
    return lower...max(lower, upper)
  }

  private func lowerBound(of index: Index) -> Int {
    switch index {
    case .constant(let value): return value
    case .variable, .sum: return -upperBound(of: -index)
    case .floorDivide(let dividend, let divisor): return lowerBound(of: dividend).floorDivided(by: divisor)
    case .modulo(let dividend, let divisor): return remainders(bounds(of: dividend), divisor).lowerBound
    case .minimum(let a, let b): return min(lowerBound(of: a), lowerBound(of: b))
    case .maximum(let a, let b): return max(lowerBound(of: a), lowerBound(of: b))
    }
  }

  private func upperBound(of index: Index) -> Int {
    switch index {
    case .constant(let value): return value
    case .variable(let variable): return upperBound(0, [IndexTerm(coefficient: 1, atom: .variable(variable))])
    case .sum(let constant, let terms): return upperBound(constant, terms)
    case .floorDivide(let dividend, let divisor): return upperBound(of: dividend).floorDivided(by: divisor)
    case .modulo(let dividend, let divisor): return remainders(bounds(of: dividend), divisor).upperBound
    case .minimum(let a, let b): return min(upperBound(of: a), upperBound(of: b))
    case .maximum(let a, let b): return max(upperBound(of: a), upperBound(of: b))
    }
  }

  /// Bounds a sum term by term; and again with each operand in place of a minimum; and again after the innermost
  /// variable with a symbolic count has been replaced by the last value it takes: then what it has in common with the
  /// rest of the sum cancels.
  private func upperBound(_ constant: Int, _ terms: [IndexTerm]) -> Int {
    var best = constant
    var innermost: (place: Int, entry: Entry)?
    var choice: (place: Int, operands: [Index])?
    var larger: (place: Int, operands: [Index])?
    for (place, term) in terms.enumerated() {
      var range: ClosedRange<Int>
      switch term.atom {
      case .variable(let variable):
        let entry = entries[variable.id]
        range = entry?.range ?? variable.bounds
        if let entry, entry.count != nil, entry.depth > innermost?.entry.depth ?? -1 { innermost = (place, entry) }
      case .constant, .sum, .floorDivide, .modulo, .minimum, .maximum:
        range = bounds(of: term.atom)
      }
      if case .minimum(let a, let b) = term.atom, term.coefficient > 0 { choice = (place, [a, b]) }
      if case .maximum(let a, let b) = term.atom, term.coefficient < 0 { choice = (place, [a, b]) }
      // x - min(a, b) is the larger of x - a and x - b, in which more may cancel.
      if case .minimum(let a, let b) = term.atom, term.coefficient < 0 { larger = (place, [a, b]) }
      if case .maximum(let a, let b) = term.atom, term.coefficient > 0 { larger = (place, [a, b]) }
      let end = term.coefficient > 0 ? range.upperBound : range.lowerBound
      best = best.addingSaturated(end.multipliedSaturated(by: term.coefficient))
    }
    func replacing(_ place: Int, by atom: Index) -> Int {
      var sum = Index.constant(constant)
      for (other, term) in terms.enumerated() { sum += (other == place ? atom : term.atom) * term.coefficient }
      return upperBound(of: sum)
    }
    if let choice { return choice.operands.reduce(best) { min($0, replacing(choice.place, by: $1)) } }
    if let larger { return min(best, larger.operands.map { replacing(larger.place, by: $0) }.max() ?? best) }
    guard let innermost, let count = innermost.entry.count else { return best }
    if terms[innermost.place].coefficient < 0 {
      return min(best, replacing(innermost.place, by: .constant(innermost.entry.range.lowerBound)))
    }
    best = min(best, replacing(innermost.place, by: .constant(innermost.entry.range.upperBound)))
    return min(best, replacing(innermost.place, by: count - 1))
  }

  private func remainders(_ range: ClosedRange<Int>, _ divisor: Int) -> ClosedRange<Int> {
    guard range.lowerBound.floorDivided(by: divisor) == range.upperBound.floorDivided(by: divisor) else {
      return 0...(divisor - 1)
    }
    return range.lowerBound.floorRemainder(by: divisor)...range.upperBound.floorRemainder(by: divisor)
  }
}
