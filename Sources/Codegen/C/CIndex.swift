import LazyOps

/// Writes index expressions as C of type `long`, given the names of the variables.
struct CIndexText {
  let name: (IndexVariable) -> String

  /// The expression in C. Divisions round towards negative infinity there too.
  func expression(_ index: Index) -> CExpression {
    switch index {
    case .constant(let value):
      if value == .min { return CExpression("\(value + 1)L - 1", .sum) }
      let isWide = value > Int(Int32.max) || value < -Int(Int32.max)
      return CExpression(isWide ? "\(value)L" : "\(value)", value < 0 ? .prefix : .primary)
    case .variable(let variable): return .primary(name(variable))
    case .sum(let constant, let terms): return sum(constant, terms)
    case .floorDivide(let dividend, let divisor): return division(dividend, "/", divisor, "floor_divide_int64")
    case .modulo(let dividend, let divisor): return division(dividend, "%", divisor, "floor_remainder_int64")
    case .minimum(let a, let b): return .call("minimum_int64", [expression(a), expression(b)])
    case .maximum(let a, let b): return .call("maximum_int64", [expression(a), expression(b)])
    }
  }

  /// Writes terms without spaces around `*`, so that `row*768 + k` reads as what it is.
  private func sum(_ constant: Int, _ terms: [IndexTerm]) -> CExpression {
    let fitsInt = CIndexText.magnitude(constant, terms) <= Int(Int32.max)
    let constantFirst = constant > 0 && terms[0].coefficient < 0
    var text = constantFirst ? expression(.constant(constant)).text : ""
    for term in terms {
      let isNegative = term.coefficient < 0
      text += text.isEmpty ? (isNegative ? "-" : "") : (isNegative ? " - " : " + ")
      var atom = expression(term.atom)
      // A division is done in `int`; its product or the sum may need more.
      if !fitsInt, CIndexText.isInt(term.atom) { atom = .cast("long", atom) }
      let factor = term.coefficient.magnitude
      if factor == 1 {
        text += atom.operand(.product)
      } else {
        text += atom.operand(.primary) + "*" + expression(.constant(Int(clamping: factor))).text
      }
    }
    if constant != 0, !constantFirst {
      text += (constant < 0 ? " - " : " + ") + expression(.constant(Int(clamping: constant.magnitude))).text
    }
    let isProduct = terms.count == 1 && constant == 0 && terms[0].coefficient > 0
    return CExpression(text, isProduct ? .product : .sum)
  }

  /// Writes a division or remainder. Compilers vectorize a division by a number that is no power of two in `int` only,
  /// so it is done there where the bounds allow.
  private func division(_ dividend: Index, _ symbol: String, _ divisor: Int, _ function: String) -> CExpression {
    let (value, number) = (expression(dividend), expression(.constant(divisor)))
    if dividend.bounds.lowerBound < 0 { return .call(function, [value, number]) }
    let left = CIndexText.isInt(dividend, dividedBy: divisor) ? CExpression.cast("int", value) : value
    return CExpression("\(left.operand(.prefix))\(symbol)\(number.text)", .product)
  }

  /// Whether a division is written in `int`.
  private static func isInt(_ dividend: Index, dividedBy divisor: Int) -> Bool {
    let bounds = dividend.bounds
    return divisor.nonzeroBitCount != 1 && bounds.lowerBound >= 0 && bounds.upperBound <= Int(Int32.max)
      && divisor <= Int(Int32.max)
  }

  private static func isInt(_ atom: Index) -> Bool {
    switch atom {
    case .floorDivide(let dividend, let divisor), .modulo(let dividend, let divisor):
      isInt(dividend, dividedBy: divisor)
    case .constant, .variable, .sum, .minimum, .maximum: false
    }
  }

  /// A bound of the absolute value of every partial sum.
  private static func magnitude(_ constant: Int, _ terms: [IndexTerm]) -> Int {
    var total = Int(clamping: constant.magnitude)
    for term in terms {
      let bounds = term.atom.bounds
      let largest = Int(clamping: max(bounds.lowerBound.magnitude, bounds.upperBound.magnitude))
      total = total.addingSaturated(largest.multipliedSaturated(by: Int(clamping: term.coefficient.magnitude)))
    }
    return total
  }

  /// The condition in C, as one or two comparisons.
  func expression(_ condition: Condition) -> CExpression {
    if let decided = condition.decided { return .primary(decided ? "1" : "0") }
    let value = expression(condition.index)
    let (lower, upper) = (condition.range.lowerBound, condition.range.upperBound)
    func constant(_ number: Int) -> CExpression { expression(.constant(number)) }
    if upper - 1 == lower { return .infix(value, "==", constant(lower), .equality) }
    let below = CExpression.infix(value, "<", constant(upper), .relational)
    switch (condition.boundsBelow, condition.boundsAbove) {
    case (true, true):
      return .infix(.infix(constant(lower), "<=", value, .relational), "&&", below, .and)
    case (true, false): return .infix(value, ">=", constant(lower), .relational)
    case (false, _): return below
    }
  }

  /// The mask in C: its conditions joined by `&&`.
  func expression(_ mask: Mask) -> CExpression {
    guard let first = mask.conditions.first else { return .primary("1") }
    return mask.conditions.dropFirst().reduce(expression(first)) { .infix($0, "&&", expression($1), .and) }
  }
}
