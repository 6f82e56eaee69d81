package import LazyOps

/// What is known about index variables at one point of a program: which exist, how far each counts, and what
/// conditions around the point say about them.
///
/// Bounds found here are tighter than `Index.bounds`, because a loop's count may depend on variables outside it:
/// in `for i in 0..<min(4, n - 4*o)` the sum 4*o + i stays below n, although 4*o + 3 alone may not.
package struct IndexScope {
  private var ranges: [Int: ClosedRange<Int>] = [:]
  /// How many variables there were before each.
  private var depths: [Int: Int] = [:]
  /// Expressions that are not negative here, by the id of the innermost variable in them.
  private var facts: [Int: [Index]] = [:]
  /// Whether conditions that contradict each other surround the point: nothing there ever runs.
  package private(set) var isUnreachable = false
  /// Whether a condition surrounds the point that the ranges of single variables do not express.
  package private(set) var hasOtherConditions = false

  package init() {}

  /// Adds a loop's variable, or one without a count whose own bounds are all that is known.
  package mutating func enter(_ variable: IndexVariable, count: Index? = nil) {
    depths[variable.id] = depths.count
    ranges[variable.id] = variable.bounds
    guard let count else { return }
    if let count = count.constantValue {
      assume(Condition(.variable(variable), in: 0..<max(count, 0)))
    } else {
      add(fact: count - 1 - Index(variable))
    }
  }

  /// Whether a variable exists at this point.
  package func contains(_ variable: IndexVariable) -> Bool { depths[variable.id] != nil }

  /// Adds what a condition that holds here says.
  package mutating func assume(_ condition: Condition) {
    if condition.decided == false { isUnreachable = true }
    guard condition.decided == nil else { return }
    let (index, range) = (condition.index, condition.range)
    guard case .variable(let variable) = index, let known = ranges[variable.id] else {
      hasOtherConditions = true
      if condition.boundsBelow { add(fact: index - range.lowerBound) }
      if condition.boundsAbove { add(fact: Index.constant(range.upperBound - 1) - index) }
      return
    }
    let (lower, upper) = (max(known.lowerBound, range.lowerBound), min(known.upperBound, range.upperBound - 1))
    if lower > upper { isUnreachable = true } else { ranges[variable.id] = lower...upper }
  }

  /// Adds what a mask that holds here says.
  package mutating func assume(_ mask: Mask) { for condition in mask.conditions { assume(condition) } }

  /// The values an expression can take at this point; not every number inside need be one.
  package func bounds(of index: Index) -> ClosedRange<Int> {
    let (lower, upper) = (lowerBound(of: index), upperBound(of: index))
    return lower...max(lower, upper)
  }

  private mutating func add(fact: Index) {
    guard let innermost = fact.variables.max(by: { depths[$0.id] ?? -1 < depths[$1.id] ?? -1 }),
      depths[innermost.id] != nil, let coefficient = fact.coefficient(of: innermost.id), coefficient != 0
    else { return }
    facts[innermost.id, default: []].append(fact)
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
    case .variable: return upperBound(0, [IndexTerm(coefficient: 1, atom: index)])
    case .sum(let constant, let terms): return upperBound(constant, terms)
    case .floorDivide(let dividend, let divisor): return upperBound(of: dividend).floorDivided(by: divisor)
    case .modulo(let dividend, let divisor): return remainders(bounds(of: dividend), divisor).upperBound
    case .minimum(let a, let b): return min(upperBound(of: a), upperBound(of: b))
    case .maximum(let a, let b): return max(upperBound(of: a), upperBound(of: b))
    }
  }

  /// Bounds a sum term by term, and again with something larger in place of a term, so that what it has in common with
  /// others cancels. The term with the innermost variable comes first, and of those the one that is not yet plain.
  private func upperBound(_ constant: Int, _ terms: [IndexTerm]) -> Int {
    var best = constant
    var chosen: (term: IndexTerm, depth: Int, rank: Int)?
    for term in terms {
      let range = bounds(ofAtom: term.atom)
      let end = term.coefficient > 0 ? range.upperBound : range.lowerBound
      best = best.addingSaturated(end.multipliedSaturated(by: term.coefficient))
      let (depth, rank) = (depth(of: term.atom), rank(term))
      if rank > 0, (depth, rank) > (chosen?.depth ?? -1, chosen?.rank ?? 0) { chosen = (term, depth, rank) }
    }
    if let whole = withoutRemainder(constant, terms) { return min(best, upperBound(of: whole)) }
    if let bound = largerAlternative(constant, terms) { return min(best, bound) }
    guard let term = chosen?.term else { return best }
    let coefficient = term.coefficient
    let rest = terms.reduce(Index.constant(constant)) { $0 + $1.atom * $1.coefficient } - term.atom * coefficient
    let range = bounds(ofAtom: term.atom)
    let end = rest + (coefficient > 0 ? range.upperBound : range.lowerBound) * coefficient
    switch term.atom {
    case .constant, .sum, .modulo: break
    case .minimum(let a, let b), .maximum(let a, let b):
      for operand in [a, b] { best = min(best, upperBound(of: rest + operand * coefficient)) }
    case .floorDivide(let dividend, let divisor):
      // Multiplied, so that the quotient's rounding can be left out.
      let scale = divisor / Int.greatestCommonDivisor(divisor, coefficient)
      let factor = coefficient * scale / divisor
      let larger = (factor > 0 ? dividend : dividend - (divisor - 1)) * factor
      best = min(best, upperBound(of: end), upperBound(of: rest * scale + larger).floorDivided(by: scale))
      guard case .variable(let variable) = dividend, coefficient > 0 else { break }
      for fact in facts[variable.id] ?? [] where fact.coefficient(of: variable.id) == -1 {
        let quotient = (fact + dividend).floorDivide(by: divisor)
        best = min(best, upperBound(of: rest + quotient * coefficient))
      }
    case .variable(let variable):
      best = min(best, upperBound(of: end))
      for fact in facts[variable.id]! {
        let own = fact.coefficient(of: variable.id)!
        if coefficient % own != 0 || coefficient / own > 0 { continue }
        best = min(best, upperBound(of: rest + term.atom * coefficient + fact * -(coefficient / own)))
      }
    }
    return best
  }

  /// Bounds a sum that is the larger of two: x - min(a, b) is x - a or x - b, in each of which more may cancel. Nil
  /// where no term makes it so.
  private func largerAlternative(_ constant: Int, _ terms: [IndexTerm]) -> Int? {
    for (place, term) in terms.enumerated() {
      let operands: [Index]
      switch term.atom {
      case .minimum(let a, let b) where term.coefficient < 0, .maximum(let a, let b) where term.coefficient > 0:
        operands = [a, b]
      case .constant, .variable, .sum, .floorDivide, .modulo, .minimum, .maximum: continue
      }
      var rest = Index.constant(constant)
      for (other, term) in terms.enumerated() where other != place { rest += term.atom * term.coefficient }
      return operands.map { upperBound(of: rest + $0 * term.coefficient) }.max()
    }
    return nil
  }

  /// Returns a sum in which x - x % n stands as n times the quotient: at its end x may leave no remainder. Nil where
  /// nothing of that kind is in it.
  private func withoutRemainder(_ constant: Int, _ terms: [IndexTerm]) -> Index? {
    for remainder in terms {
      guard case .modulo(let dividend, let divisor) = remainder.atom, case .variable = dividend,
        terms.contains(where: { $0.atom == dividend && $0.coefficient == -remainder.coefficient })
      else { continue }
      var rest = Index.constant(constant)
      for term in terms where term.atom != dividend && term.atom != remainder.atom {
        rest += term.atom * term.coefficient
      }
      return rest + dividend.floorDivide(by: divisor) * (-remainder.coefficient * divisor)
    }
    return nil
  }

  /// How much a term wants to be replaced; 0 where nothing is known that is larger.
  private func rank(_ term: IndexTerm) -> Int {
    switch term.atom {
    case .constant, .sum, .modulo: 0
    case .variable(let variable): facts[variable.id] == nil ? 0 : 1
    case .floorDivide: 2
    case .minimum: term.coefficient > 0 ? 3 : 0
    case .maximum: term.coefficient < 0 ? 3 : 0
    }
  }

  /// The depth of the innermost variable of an expression.
  private func depth(of index: Index) -> Int {
    var depth = 0
    index.forEachVariable { depth = max(depth, depths[$0.id] ?? 0) }
    return depth
  }

  private func bounds(ofAtom atom: Index) -> ClosedRange<Int> {
    if case .variable(let variable) = atom { ranges[variable.id] ?? variable.bounds } else { bounds(of: atom) }
  }

  private func remainders(_ range: ClosedRange<Int>, _ divisor: Int) -> ClosedRange<Int> {
    guard range.lowerBound.floorDivided(by: divisor) == range.upperBound.floorDivided(by: divisor) else {
      return 0...(divisor - 1)
    }
    return range.lowerBound.floorRemainder(by: divisor)...range.upperBound.floorRemainder(by: divisor)
  }
}
