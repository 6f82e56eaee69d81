// The rules that put quotients and remainders together within a sum. The rules about rules of Index+Division.swift
// hold here too: each of these leaves fewer divisions and remainders than there were.
//
//   quotient and remainder      c*n*(x/n) + c*(y%n) -> c*x                          where n divides x - y
//   two digits                  c*n*(z%m) + c*(y%n) -> c*((n*(z - x/n) + x)%(n*m))  where z has x/n, and n divides x - y
//   less its quotient           c*x - c*n*(x/n) -> c*(x%n)
// where x/n may itself be a quotient: x/(k*n) is (x/k)/n.
//
// These are what makes reshapes collapse: to flatten is to multiply and add, to unflatten is to divide and take
// remainders, and one after the other gives the variables back.
extension Index {
  /// Applies the first rule that fits sorted, merged terms and returns what comes of it, or nil where none fits.
  static func recombined(constant: Int, terms: [IndexTerm]) -> Index? {
    if terms.count < 2 { return nil }
    for (place, term) in terms.enumerated() {
      switch term.atom {
      case .modulo(let dividend, let divisor):
        let (wanted, overflow) = term.coefficient.multipliedReportingOverflow(by: divisor)
        if overflow { continue }
        for (partner, candidate) in terms.enumerated() where candidate.coefficient == wanted && partner != place {
          guard let whole = joined(candidate.atom, remainder: dividend, divisor) else { continue }
          return remaining(constant, terms, without: [place, partner]) + whole * term.coefficient
        }
      case .floorDivide(let dividend, let divisor):
        if let result = lessQuotient(constant, terms, place, dividend, divisor) { return result }
      case .constant, .variable, .sum, .minimum, .maximum:
        continue
      }
    }
    return nil
  }

  /// Rules "quotient and remainder" and "two digits": what `divisor * upper + remainder % divisor` is as one, or nil.
  private static func joined(_ upper: Index, remainder: Index, _ divisor: Int) -> Index? {
    switch upper {
    case .floorDivide(let dividend, let total):
      return matching(dividend, total, remainder, divisor)
    case .modulo(let digit, let count):
      let (product, overflow) = divisor.multipliedReportingOverflow(by: count)
      if overflow { return nil }
      for term in digit.parts.terms where term.coefficient == 1 {
        guard case .floorDivide(let dividend, let total) = term.atom,
          let whole = matching(dividend, total, remainder, divisor)
        else { continue }
        return ((digit - term.atom) * divisor + whole).modulo(product)
      }
      return nil
    case .constant, .variable, .sum, .minimum, .maximum:
      return nil
    }
  }

  /// Returns the expression whose quotient by `divisor` is `dividend / total`, where it leaves what `remainder` leaves.
  private static func matching(_ dividend: Index, _ total: Int, _ remainder: Index, _ divisor: Int) -> Index? {
    guard total % divisor == 0 else { return nil }
    let whole = dividend.floorDivide(by: total / divisor)
    if whole == remainder { return whole }
    return (whole - remainder).modulo(divisor) == .constant(0) ? whole : nil
  }

  /// Rule "less its quotient", for the quotient at a place.
  private static func lessQuotient(
    _ constant: Int, _ terms: [IndexTerm], _ place: Int, _ dividend: Index, _ total: Int
  ) -> Index? {
    // x is the dividend, or its quotient by the divisor of another term.
    var inner = [1]
    for term in terms {
      if case .floorDivide(_, let divisor) = term.atom, divisor < total, total % divisor == 0 { inner.append(divisor) }
    }
    for divisor in inner {
      let outer = total / divisor
      guard terms[place].coefficient % outer == 0 else { continue }
      let coefficient = -(terms[place].coefficient / outer)
      let whole = dividend.floorDivide(by: divisor)
      var used = [place]
      for part in whole.parts.terms {
        let (wanted, overflow) = part.coefficient.multipliedReportingOverflow(by: coefficient)
        guard !overflow, let match = terms.firstIndex(where: { $0.coefficient == wanted && $0.atom == part.atom })
        else { break }
        used.append(match)
      }
      guard used.count == whole.parts.terms.count + 1 else { continue }
      let rest = remaining(constant - whole.parts.constant * coefficient, terms, without: used)
      return rest + whole.modulo(outer) * coefficient
    }
    return nil
  }

  private static func remaining(_ constant: Int, _ terms: [IndexTerm], without places: [Int]) -> Index {
    let rest = terms.enumerated().filter { !places.contains($0.offset) }.map(\.element)
    return collapsed(constant: constant, terms: rest)
  }
}
