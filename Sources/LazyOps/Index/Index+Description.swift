extension Index: CustomStringConvertible {
  /// The expression with variables named by their ids: `i0*1024 + i1`.
  package var description: String { text { $0.description } }

  /// Writes the expression with as few parentheses as it needs; `/` and `%` round towards negative infinity, and
  /// operators of one kind group to the left. Equal expressions give equal text.
  package func text(_ name: (IndexVariable) -> String) -> String {
    switch self {
    case .constant(let value): return String(value)
    case .variable(let variable): return name(variable)
    case .sum(let constant, let terms): return Index.text(constant, terms, name)
    case .floorDivide(let dividend, let divisor): return "\(dividend.factor(name))/\(divisor)"
    case .modulo(let dividend, let divisor): return "\(dividend.factor(name))%\(divisor)"
    case .minimum(let a, let b): return "min(\(a.text(name)), \(b.text(name)))"
    case .maximum(let a, let b): return "max(\(a.text(name)), \(b.text(name)))"
    }
  }

  private static func text(_ constant: Int, _ terms: [IndexTerm], _ name: (IndexVariable) -> String) -> String {
    // 5 - i0 reads better than -i0 + 5.
    let constantFirst = constant > 0 && terms[0].coefficient < 0
    var text = constantFirst ? String(constant) : ""
    for term in terms {
      let negative = term.coefficient < 0
      text += text.isEmpty ? (negative ? "-" : "") : (negative ? " - " : " + ")
      text += term.atom.text(name)
      if term.coefficient.magnitude != 1 { text += "*\(term.coefficient.magnitude)" }
    }
    if constant != 0, !constantFirst { text += constant < 0 ? " - \(constant.magnitude)" : " + \(constant)" }
    return text
  }

  /// The expression as the left side of a division: sums and what begins with a minus in parentheses.
  private func factor(_ name: (IndexVariable) -> String) -> String {
    switch self {
    case .sum(let constant, let terms):
      let product = constant == 0 && terms.count == 1 && terms[0].coefficient > 0
      return product ? text(name) : "(\(text(name)))"
    case .constant(let value):
      return value < 0 ? "(\(value))" : String(value)
    case .variable, .floorDivide, .modulo, .minimum, .maximum:
      return text(name)
    }
  }
}

extension IndexVariable: CustomStringConvertible {
  /// The variable by its id: `i3`.
  package var description: String { "i\(id)" }
}

extension Condition: CustomStringConvertible {
  /// The condition with variables named by their ids: `0 <= i0 + i1 < 5`.
  package var description: String { text { $0.description } }

  /// Writes the condition; one that is decided is `true` or `false`.
  package func text(_ name: (IndexVariable) -> String) -> String {
    if let decided { return String(decided) }
    return "\(range.lowerBound) <= \(index.text(name)) < \(range.upperBound)"
  }
}

extension Mask: CustomStringConvertible {
  /// The conditions with variables named by their ids, joined by `&&`; `true` where there is none.
  package var description: String { text { $0.description } }

  /// Writes the conditions, joined by `&&`; `true` where there is none.
  package func text(_ name: (IndexVariable) -> String) -> String {
    conditions.isEmpty ? "true" : conditions.map { $0.text(name) }.joined(separator: " && ")
  }
}
