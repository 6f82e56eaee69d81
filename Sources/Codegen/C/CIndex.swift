import LazyOps
import LazyScheduler

/// Writes index expressions as C of type `long`, or `int` where they fit that, given the names of the variables and which
/// of them are `int`: so are those of vector loops, because twice as many fit a register.
struct CIndexText {
  let name: (IndexVariable) -> String
  let isInt: (IndexVariable) -> Bool

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

  /// The expression as an address within an array: `long`, because compilers do not see in a sum of several `int` that
  /// neighbouring turns of a vector loop use neighbouring elements.
  func address(_ index: Index) -> CExpression {
    guard case .sum(_, let terms) = index, terms.count > 1, isInt(index),
      let variable = terms.lazy.compactMap(\.atom.asVariable).first(where: isInt)
    else { return expression(index) }
    let wide = CIndexText(
      name: { $0 == variable ? "(long)\(name($0))" : name($0) }, isInt: { $0 != variable && isInt($0) })
    return wide.expression(index)
  }

  /// The expression as a number of type `long`.
  func number(_ index: Index) -> CExpression {
    isInt(index) && index.constantValue == nil ? .cast("long", expression(index)) : expression(index)
  }

  /// Writes terms without spaces around `*`, so that `row*768 + k` reads as what it is.
  private func sum(_ constant: Int, _ terms: [IndexTerm]) -> CExpression {
    let constantFirst = constant > 0 && terms[0].coefficient < 0
    var text = constantFirst ? expression(.constant(constant)).text : ""
    // The largest that C, which goes from left to right, has added up in `int`; nil once the sum is `long`.
    var largest: Int? = Int(clamping: constant.magnitude)
    for term in terms {
      let isNegative = term.coefficient < 0
      text += text.isEmpty ? (isNegative ? "-" : "") : (isNegative ? " - " : " + ")
      var atom = expression(term.atom)
      if isInt(term.atom) {
        let product = CIndexText.magnitude(0, [term])
        largest = largest?.addingSaturated(product)
        if max(product, largest ?? 0) > Int(Int32.max) {
          atom = .cast("long", atom)
          largest = nil
        }
      } else {
        largest = nil
      }
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
    let isNarrowed = CIndexText.isNarrowed(dividend, dividedBy: divisor) && !isInt(dividend)
    let left = isNarrowed ? CExpression.cast("int", value) : value
    return CExpression("\(left.operand(.prefix))\(symbol)\(number.text)", .product)
  }

  /// Whether a division is written in `int` in any case.
  private static func isNarrowed(_ dividend: Index, dividedBy divisor: Int) -> Bool {
    let bounds = dividend.bounds
    return divisor.nonzeroBitCount != 1 && bounds.lowerBound >= 0 && bounds.upperBound <= Int(Int32.max)
      && divisor <= Int(Int32.max)
  }

  /// Whether C takes an index, as it is written, for an `int`.
  private func isInt(_ index: Index) -> Bool {
    switch index {
    case .constant(let value): value.magnitude <= Int32.max
    case .variable(let variable): isInt(variable)
    case .sum(let constant, let terms):
      terms.allSatisfy { isInt($0.atom) } && CIndexText.magnitude(constant, terms) <= Int(Int32.max)
    case .floorDivide(let dividend, let divisor), .modulo(let dividend, let divisor):
      CIndexText.isNarrowed(dividend, dividedBy: divisor)
        || dividend.bounds.lowerBound >= 0 && isInt(dividend) && divisor <= Int(Int32.max)
    case .minimum, .maximum: false
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
    let value = narrowed(condition.index)
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

  /// Writes an index that is compared for each turn of a vector loop in `int` where it can be.
  private func narrowed(_ index: Index) -> CExpression {
    var isVector = false
    index.forEachVariable { isVector = isVector || isInt($0) }
    let fits = { (variable: IndexVariable) in
      variable.bounds.lowerBound >= -Int(Int32.max) && variable.bounds.upperBound <= Int(Int32.max)
    }
    let narrow = CIndexText(name: { isInt($0) || !fits($0) ? name($0) : "(int)\(name($0))" }, isInt: fits)
    return isVector && narrow.isInt(index) ? narrow.expression(index) : expression(index)
  }

  /// The mask in C: its conditions joined by `&&`.
  func expression(_ mask: Mask) -> CExpression {
    guard let first = mask.conditions.first else { return .primary("1") }
    return mask.conditions.dropFirst().reduce(expression(first)) { .infix($0, "&&", expression($1), .and) }
  }
}
