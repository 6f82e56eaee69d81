// The simplifier of divisions and remainders.
//
// Rules about rules:
// - The right side is never worse: it has no more divisions and remainders than the left, and no wider bounds.
// - A rule has one direction. Where two forms are equally good, one is the normal form and no rule leads back.
// - No rule only reorders. The order of terms is the sum's affair.
// - Every rule holds for negative values too: x = n*(x/n) + x%n with 0 <= x%n < n is all they stand on.
//
// The rules, n, m, g positive, a, r, x any expressions, k constants:
//   one quotient        x/n -> k and x%n -> x - n*k             where the bounds say k*n <= x < k*n + n
//   nested division     (x/m)/n -> x/(m*n)
//   digit               (x%(n*m))/n -> (x/n)%m
//   nested remainder    (x%(n*m))%n -> x%n;  in sums (g*(x%m) + r)%n -> (g*x + r)%n where n divides g*m
//   whole part          (n*a + r)/n -> a + r/n;  (n*a + r)%n -> r%n; the constant of r ends up from 0 to n - 1
//   common divisor      (g*a + r)/(g*m) -> (a + k)/m and (g*a + r)%(g*m) -> g*((a + k)%m) + r - g*k
//                                                               where the bounds say k*g <= r < k*g + g
//   division inside     (x/m + r)/n -> (x + m*r)/(m*n)
// and those of sums, in Index+Recombination.swift, which put quotient and remainder together again.
extension Index {
  /// Divides by a positive number and rounds towards negative infinity.
  package func floorDivide(by divisor: Int) -> Index {
    precondition(divisor > 0, "bug: an index expression is divided by \(divisor)")
    if divisor == 1 { return self }
    if case .constant(let value) = self { return .constant(value.floorDivided(by: divisor)) }
    if let quotient = Index.commonQuotient(bounds, by: divisor) { return .constant(quotient) }  // one quotient
    switch self {
    case .floorDivide(let dividend, let inner):  // nested division
      let (product, overflow) = inner.multipliedReportingOverflow(by: divisor)
      return overflow ? .floorDivide(self, divisor) : dividend.floorDivide(by: product)
    case .modulo(let dividend, let inner) where inner % divisor == 0:  // digit
      return dividend.floorDivide(by: divisor).modulo(inner / divisor)
    case .sum(let constant, let terms):
      return Index.divideSum(constant, terms, by: divisor)
    case .constant, .variable, .modulo, .minimum, .maximum:
      return .floorDivide(self, divisor)
    }
  }

  /// Returns what `floorDivide(by:)` leaves: from 0 to the divisor - 1. The divisor is positive.
  package func modulo(_ divisor: Int) -> Index {
    precondition(divisor > 0, "bug: the remainder of an index expression by \(divisor)")
    if divisor == 1 { return .constant(0) }
    if case .constant(let value) = self { return .constant(value.floorRemainder(by: divisor)) }
    if let quotient = Index.commonQuotient(bounds, by: divisor) { return self - quotient * divisor }  // one quotient
    switch self {
    case .modulo(let dividend, let inner) where inner % divisor == 0:  // nested remainder
      return dividend.modulo(divisor)
    case .sum(let constant, let terms):
      return Index.reduceSum(constant, terms, modulo: divisor)
    case .constant, .variable, .floorDivide, .modulo, .minimum, .maximum:
      return .modulo(self, divisor)
    }
  }

  /// Divides a sum of several quotients.
  private static func divideSum(_ constant: Int, _ terms: [IndexTerm], by divisor: Int) -> Index {
    // Whole part.
    let whole = constant.floorDivided(by: divisor)
    if whole != 0 || terms.contains(where: { $0.coefficient % divisor == 0 }) {
      var (quotient, rest): ([IndexTerm], [IndexTerm]) = ([], [])
      for term in terms {
        if term.coefficient % divisor == 0 {
          quotient.append(IndexTerm(coefficient: term.coefficient / divisor, atom: term.atom))
        } else {
          rest.append(term)
        }
      }
      let remainder = collapsed(constant: constant - whole * divisor, terms: rest)
      return sum(whole, of: quotient) + remainder.floorDivide(by: divisor)
    }
    // Common divisor.
    if let split = splitting(constant, terms, divisor: divisor) {
      return (split.multiple + split.carry).floorDivide(by: divisor / split.factor)
    }
    // Division inside.
    for (place, term) in terms.enumerated() where term.coefficient == 1 {
      guard case .floorDivide(let dividend, let inner) = term.atom else { continue }
      let (product, overflow) = inner.multipliedReportingOverflow(by: divisor)
      if overflow { continue }
      var others = terms
      others.remove(at: place)
      return (dividend + collapsed(constant: constant, terms: others) * inner).floorDivide(by: product)
    }
    return .floorDivide(collapsed(constant: constant, terms: terms), divisor)
  }

  /// Returns the remainder of a sum of several quotients.
  private static func reduceSum(_ constant: Int, _ terms: [IndexTerm], modulo divisor: Int) -> Index {
    // Whole part, where the parts of coefficients count too: 5*x and x leave the same by 4. A coefficient keeps its
    // sign: 3*x and -x leave the same too, but each is wanted where the bounds suit it.
    var changed = constant < 0 || constant >= divisor
    var reduced = Index.constant(constant.floorRemainder(by: divisor))
    var kept: [IndexTerm] = []
    for term in terms {
      let coefficient = term.coefficient % divisor
      if coefficient != term.coefficient { changed = true }
      if coefficient == 0 { continue }
      // Nested remainder.
      if case .modulo(let dividend, let inner) = term.atom,
        coefficient.multipliedSaturated(by: inner) % divisor == 0
      {
        changed = true
        reduced += dividend * coefficient
      } else {
        kept.append(IndexTerm(coefficient: coefficient, atom: term.atom))
      }
    }
    if changed { return (reduced + sum(0, of: kept)).modulo(divisor) }
    // Common divisor.
    if let split = splitting(constant, terms, divisor: divisor) {
      let rest = split.rest - split.carry * split.factor
      return (split.multiple + split.carry).modulo(divisor / split.factor) * split.factor + rest
    }
    return .modulo(collapsed(constant: constant, terms: terms), divisor)
  }

  /// Writes a sum as `factor * multiple + rest` where factor divides `divisor` and all values of the rest have the
  /// quotient `carry` by it, or returns nil. The largest such factor is found. No coefficient is a multiple of the
  /// divisor.
  private static func splitting(
    _ constant: Int, _ terms: [IndexTerm], divisor: Int
  ) -> (factor: Int, multiple: Index, rest: Index, carry: Int)? {
    // All common divisors of the divisor and some of the coefficients.
    var factors: [Int] = []
    for term in terms {
      let own = Int.greatestCommonDivisor(term.coefficient, divisor)
      if own == 1 { continue }
      for factor in factors {
        let common = Int.greatestCommonDivisor(factor, own)
        if common > 1, !factors.contains(common) { factors.append(common) }
      }
      if !factors.contains(own) { factors.append(own) }
    }
    factors.sort(by: >)
    for factor in factors {
      let range = bounds(constant: constant, terms: terms.lazy.filter { $0.coefficient % factor != 0 })
      guard let carry = commonQuotient(range, by: factor) else { continue }
      let multiple = terms.filter { $0.coefficient % factor == 0 }
        .map { IndexTerm(coefficient: $0.coefficient / factor, atom: $0.atom) }
      let rest = terms.filter { $0.coefficient % factor != 0 }
      return (factor, sum(0, of: multiple), collapsed(constant: constant, terms: rest), carry)
    }
    return nil
  }
}
