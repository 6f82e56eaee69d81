extension Index {
  /// Computes the expression's value, given those of its variables.
  package func evaluate(_ value: (IndexVariable) -> Int) -> Int {
    switch self {
    case .constant(let constant): return constant
    case .variable(let variable): return value(variable)
    case .sum(let constant, let terms):
      var sum = constant
      for term in terms { sum += term.coefficient * term.atom.evaluate(value) }
      return sum
    case .floorDivide(let dividend, let divisor): return dividend.evaluate(value).floorDivided(by: divisor)
    case .modulo(let dividend, let divisor): return dividend.evaluate(value).floorRemainder(by: divisor)
    case .minimum(let a, let b): return Swift.min(a.evaluate(value), b.evaluate(value))
    case .maximum(let a, let b): return Swift.max(a.evaluate(value), b.evaluate(value))
    }
  }

  /// Replaces variables by expressions, all at once, and simplifies; nil leaves a variable as it is. An expression's
  /// values must lie within the bounds of the variable it replaces, because simplifications have relied on them.
  package func substituting(_ replace: (IndexVariable) -> Index?) -> Index {
    switch self {
    case .constant:
      return self
    case .variable(let variable):
      return replace(variable) ?? self
    case .sum(let constant, let terms):
      var changed = false
      var (total, flat): (Int, [IndexTerm]) = (constant, [])
      flat.reserveCapacity(terms.count)
      for term in terms {
        let atom = term.atom.substituting(replace)
        if atom == term.atom {
          flat.append(term)
          continue
        }
        changed = true
        let parts = atom.parts
        total += parts.constant * term.coefficient
        for part in parts.terms {
          flat.append(IndexTerm(coefficient: part.coefficient * term.coefficient, atom: part.atom))
        }
      }
      return changed ? Index.sum(total, of: flat) : self
    case .floorDivide(let dividend, let divisor):
      let replaced = dividend.substituting(replace)
      return replaced == dividend ? self : replaced.floorDivide(by: divisor)
    case .modulo(let dividend, let divisor):
      let replaced = dividend.substituting(replace)
      return replaced == dividend ? self : replaced.modulo(divisor)
    case .minimum(let a, let b):
      let (x, y) = (a.substituting(replace), b.substituting(replace))
      return x == a && y == b ? self : Index.min(x, y)
    case .maximum(let a, let b):
      let (x, y) = (a.substituting(replace), b.substituting(replace))
      return x == a && y == b ? self : Index.max(x, y)
    }
  }

  /// The variables the expression depends on.
  package var variables: Set<IndexVariable> {
    var found: Set<IndexVariable> = []
    forEachVariable { found.insert($0) }
    return found
  }

  /// Calls `body` for every occurrence of a variable.
  package func forEachVariable(_ body: (IndexVariable) -> Void) {
    switch self {
    case .constant: return
    case .variable(let variable): body(variable)
    case .sum(_, let terms): for term in terms { term.atom.forEachVariable(body) }
    case .floorDivide(let dividend, _), .modulo(let dividend, _): dividend.forEachVariable(body)
    case .minimum(let a, let b), .maximum(let a, let b):
      a.forEachVariable(body)
      b.forEachVariable(body)
    }
  }

  /// Tells whether the variable of an id occurs in the expression.
  package func contains(_ id: Int) -> Bool {
    switch self {
    case .constant: return false
    case .variable(let variable): return variable.id == id
    case .sum(_, let terms):
      for term in terms where term.atom.contains(id) { return true }
      return false
    case .floorDivide(let dividend, _), .modulo(let dividend, _): return dividend.contains(id)
    case .minimum(let a, let b), .maximum(let a, let b): return a.contains(id) || b.contains(id)
    }
  }

  /// Returns the stride of a variable: the constant by which the expression grows when the variable grows by 1. It is
  /// 0 where the variable does not occur, and nil where it occurs within a division, remainder, minimum or maximum.
  package func coefficient(of id: Int) -> Int? {
    switch self {
    case .constant:
      return 0
    case .variable(let variable):
      return variable.id == id ? 1 : 0
    case .sum(_, let terms):
      var stride = 0
      for term in terms {
        guard let own = term.atom.coefficient(of: id) else { return nil }
        stride += own * term.coefficient
      }
      return stride
    case .floorDivide, .modulo, .minimum, .maximum:
      return contains(id) ? nil : 0
    }
  }

  /// What a variable is multiplied by as a term of its own; it may be in other terms too.
  package func ownCoefficient(of id: Int) -> Int {
    guard case .sum(_, let terms) = self else { return coefficient(of: id) ?? 0 }
    return terms.reduce(0) { sum, term in
      if case .variable(let variable) = term.atom, variable.id == id { sum + term.coefficient } else { sum }
    }
  }
}
