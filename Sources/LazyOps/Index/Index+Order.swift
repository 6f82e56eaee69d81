// The order of terms within a sum and of conditions within a mask. It depends on the trees alone, never on hashes, so
// that expressions print and compile to the same text in every run.
extension Index {
  /// Compares two trees: negative where `self` comes first, 0 where they are equal, positive otherwise. What
  /// begins with the variable of the smaller id is first, so that an index reads from its outermost axis inwards; of
  /// those that begin with the same variable, the variable itself.
  package func compared(to other: Index) -> Int {
    let leading = Index.order(leadingId, other.leadingId)
    if leading != 0 { return leading }
    switch (self, other) {
    case (.constant(let a), .constant(let b)):
      return Index.order(a, b)
    case (.variable(let a), .variable(let b)):
      let lower = Index.order(a.bounds.lowerBound, b.bounds.lowerBound)
      return lower != 0 ? lower : Index.order(a.bounds.upperBound, b.bounds.upperBound)
    case (.sum(let constantA, let a), .sum(let constantB, let b)):
      for (x, y) in zip(a, b) {
        let atoms = x.atom.compared(to: y.atom)
        if atoms != 0 { return atoms }
        if x.coefficient != y.coefficient { return Index.order(x.coefficient, y.coefficient) }
      }
      return a.count != b.count ? Index.order(a.count, b.count) : Index.order(constantA, constantB)
    case (.floorDivide(let a, let m), .floorDivide(let b, let n)), (.modulo(let a, let m), .modulo(let b, let n)):
      let dividends = a.compared(to: b)
      return dividends != 0 ? dividends : Index.order(m, n)
    case (.minimum(let a, let c), .minimum(let b, let d)), (.maximum(let a, let c), .maximum(let b, let d)):
      let first = a.compared(to: b)
      return first != 0 ? first : c.compared(to: d)
    case (.constant, _), (.variable, _), (.sum, _), (.floorDivide, _), (.modulo, _), (.minimum, _), (.maximum, _):
      return Index.order(rank, other.rank)
    }
  }

  private static func order(_ a: Int, _ b: Int) -> Int { a < b ? -1 : (a == b ? 0 : 1) }

  /// The id of the variable that comes first in the expression's text; constants are before all variables.
  private var leadingId: Int {
    switch self {
    case .constant: .min
    case .variable(let variable): variable.id
    case .sum(_, let terms): terms[0].atom.leadingId
    case .floorDivide(let a, _), .modulo(let a, _), .minimum(let a, _), .maximum(let a, _): a.leadingId
    }
  }

  /// The place of the expression's case in the order.
  private var rank: Int {
    switch self {
    case .constant: 0
    case .variable: 1
    case .sum: 2
    case .floorDivide: 3
    case .modulo: 4
    case .minimum: 5
    case .maximum: 6
    }
  }
}
