// The operators that build index expressions. Each returns normal form, given operands in normal form.
extension Index {
  /// Creates the expression of one variable; a variable that can take one value only is a constant.
  package init(_ variable: IndexVariable) {
    let bounds = variable.bounds
    self = bounds.lowerBound == bounds.upperBound ? .constant(bounds.lowerBound) : .variable(variable)
  }

  /// The value of an expression that is a constant, otherwise nil.
  package var constantValue: Int? {
    if case .constant(let value) = self { return value }
    return nil
  }

  package static func + (a: Index, b: Index) -> Index {
    if case .constant(let value) = b { return a + value }
    if case .constant(let value) = a { return b + value }
    return combining(a, times: 1, b, times: 1)
  }

  package static func + (a: Index, b: Int) -> Index {
    if b == 0 { return a }
    switch a {
    case .constant(let value):
      return .constant(value + b)
    case .sum(let constant, let terms):
      return collapsed(constant: constant + b, terms: terms)
    case .variable, .floorDivide, .modulo, .minimum, .maximum:
      if let value = a.soleValue { return .constant(value + b) }
      return .sum(constant: b, terms: [IndexTerm(coefficient: 1, atom: a)])
    }
  }

  package static func - (a: Index, b: Index) -> Index {
    if case .constant(let value) = b { return a - value }
    if case .constant(let value) = a { return b * -1 + value }
    return combining(a, times: 1, b, times: -1)
  }

  package static func - (a: Index, b: Int) -> Index { a + -b }

  package static prefix func - (a: Index) -> Index { a * -1 }

  package static func += (a: inout Index, b: Index) { a = a + b }

  /// Multiplies; one of the two is a constant, for the language is linear.
  package static func * (a: Index, b: Index) -> Index {
    if case .constant(let factor) = b { return a * factor }
    if case .constant(let factor) = a { return b * factor }
    preconditionFailure("bug: the product of two index expressions that are no constants: (\(a)) * (\(b))")
  }

  package static func * (a: Index, factor: Int) -> Index {
    if factor == 1 { return a }
    if factor == 0 { return .constant(0) }
    switch a {
    case .constant(let value):
      return .constant(value * factor)
    case .sum(let constant, let terms):
      let scaled = terms.map { IndexTerm(coefficient: $0.coefficient * factor, atom: $0.atom) }
      return collapsed(constant: constant * factor, terms: scaled)
    case .variable, .floorDivide, .modulo, .minimum, .maximum:
      if let value = a.soleValue { return .constant(value * factor) }
      return .sum(constant: 0, terms: [IndexTerm(coefficient: factor, atom: a)])
    }
  }

  /// Returns the smaller of two.
  package static func min(_ a: Index, _ b: Index) -> Index {
    if let decided = smaller(a, b) { return decided }
    if case .minimum(let x, let y) = a {
      if x == b || y == b { return a }
      if let c = y.constantValue, let d = b.constantValue { return min(x, .constant(Swift.min(c, d))) }
    }
    if case .minimum(let x, let y) = b {
      if x == a || y == a { return b }
      if let c = y.constantValue, let d = a.constantValue { return min(x, .constant(Swift.min(c, d))) }
    }
    let (first, second) = constantLast(a, b)
    return .minimum(first, second)
  }

  /// Returns the larger of two.
  package static func max(_ a: Index, _ b: Index) -> Index {
    if let decided = smaller(a, b) { return decided == a ? b : a }
    if case .maximum(let x, let y) = a {
      if x == b || y == b { return a }
      if let c = y.constantValue, let d = b.constantValue { return max(x, .constant(Swift.max(c, d))) }
    }
    if case .maximum(let x, let y) = b {
      if x == a || y == a { return b }
      if let c = y.constantValue, let d = a.constantValue { return max(x, .constant(Swift.max(c, d))) }
    }
    let (first, second) = constantLast(a, b)
    return .maximum(first, second)
  }

  /// Returns the one of two that is never larger than the other, where bounds tell.
  private static func smaller(_ a: Index, _ b: Index) -> Index? {
    if a == b { return a }
    let (rangeA, rangeB) = (a.bounds, b.bounds)
    if rangeA.upperBound <= rangeB.lowerBound { return a }
    if rangeB.upperBound <= rangeA.lowerBound { return b }
    if case .constant = a { return nil }
    if case .constant = b { return nil }
    // What both have in common cancels: i and i + 1 have bounds that overlap, their difference has not.
    let difference = (a - b).bounds
    if difference.upperBound <= 0 { return a }
    if difference.lowerBound >= 0 { return b }
    return nil
  }

  private static func constantLast(_ a: Index, _ b: Index) -> (Index, Index) {
    if case .constant = a { return (b, a) }
    if case .constant = b { return (a, b) }
    return a.compared(to: b) <= 0 ? (a, b) : (b, a)
  }
}

// Sums.
extension Index {
  /// Builds a sum from terms in any order, whose atoms may repeat but are no constants and no sums.
  static func sum(_ constant: Int, of unsorted: [IndexTerm]) -> Index {
    var constant = constant
    var terms: [IndexTerm] = []
    terms.reserveCapacity(unsorted.count)
    for term in unsorted where term.coefficient != 0 {
      if let value = term.atom.soleValue {
        constant += term.coefficient * value
        continue
      }
      // Sums are short and mostly come sorted: look for the place from the end.
      var place = terms.count
      var order = -1
      while place > 0 {
        order = terms[place - 1].atom.compared(to: term.atom)
        if order <= 0 { break }
        place -= 1
      }
      if place > 0, order == 0 {
        terms[place - 1].coefficient += term.coefficient
        if terms[place - 1].coefficient == 0 { terms.remove(at: place - 1) }
      } else {
        terms.insert(term, at: place)
      }
    }
    return recombined(constant: constant, terms: terms) ?? collapsed(constant: constant, terms: terms)
  }

  /// Makes an expression of sorted, merged terms: a constant or a bare atom where there is no more to it.
  static func collapsed(constant: Int, terms: [IndexTerm]) -> Index {
    if terms.isEmpty { return .constant(constant) }
    if constant == 0, terms.count == 1, terms[0].coefficient == 1 { return terms[0].atom }
    return .sum(constant: constant, terms: terms)
  }

  /// The expression as a constant and terms, whatever its case.
  var parts: (constant: Int, terms: [IndexTerm]) {
    switch self {
    case .constant(let value): (value, [])
    case .sum(let constant, let terms): (constant, terms)
    case .variable, .floorDivide, .modulo, .minimum, .maximum: (0, [IndexTerm(coefficient: 1, atom: self)])
    }
  }

  /// The value of an atom that is a variable of one value, otherwise nil.
  private var soleValue: Int? {
    if case .variable(let variable) = self, variable.bounds.lowerBound == variable.bounds.upperBound {
      return variable.bounds.lowerBound
    }
    return nil
  }

  private static func combining(_ a: Index, times factorA: Int, _ b: Index, times factorB: Int) -> Index {
    let (partsA, partsB) = (a.parts, b.parts)
    var terms: [IndexTerm] = []
    terms.reserveCapacity(partsA.terms.count + partsB.terms.count)
    for term in partsA.terms { terms.append(IndexTerm(coefficient: term.coefficient * factorA, atom: term.atom)) }
    for term in partsB.terms { terms.append(IndexTerm(coefficient: term.coefficient * factorB, atom: term.atom)) }
    return sum(partsA.constant * factorA + partsB.constant * factorB, of: terms)
  }
}
