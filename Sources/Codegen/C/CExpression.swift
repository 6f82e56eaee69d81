/// The text of a C expression, with what decides where it may stand.
struct CExpression: Hashable {
  /// How tightly the outermost operator binds, in C's order.
  enum Precedence: Int, Comparable {
    case conditional, or, and, bitOr, bitXor, bitAnd, equality, relational, shift, sum, product, prefix, primary

    static func < (a: Precedence, b: Precedence) -> Bool { a.rawValue < b.rawValue }
  }

  var text: String
  var precedence: Precedence
  /// Whether it reads memory: it must not be moved over a store.
  var readsMemory: Bool
  /// Whether it calls a function with some work in it: it should not become conditional.
  var isCostly: Bool
  /// For a 16-bit floating-point number, what gives its bits more directly than the number itself.
  var bits: String?
  /// The same for what is rounded to the number.
  var unrounded: String?

  init(_ text: String, _ precedence: Precedence, readsMemory: Bool = false, isCostly: Bool = false) {
    self.text = text
    self.precedence = precedence
    self.readsMemory = readsMemory
    self.isCostly = isCostly
  }

  /// A name, a literal or a subscript.
  static func primary(_ text: String) -> CExpression { CExpression(text, .primary) }

  /// The text as an operand of an operator that binds as tightly as `least`: in parentheses where it has to be.
  func operand(_ least: Precedence) -> String { precedence >= least ? text : "(\(text))" }

  /// Returns `a operator b`, for an operator that groups to the left.
  static func infix(_ a: CExpression, _ symbol: String, _ b: CExpression, _ precedence: Precedence) -> CExpression {
    let next = Precedence(rawValue: precedence.rawValue + 1) ?? .primary
    return CExpression("\(a.operand(precedence)) \(symbol) \(b.operand(next))", precedence).carrying([a, b])
  }

  /// Returns `symbol a`; a minus is never doubled.
  static func prefix(_ symbol: String, _ a: CExpression) -> CExpression {
    let needsSpace = symbol == "-" && a.text.hasPrefix("-")
    let text = needsSpace ? "(\(a.text))" : a.operand(.prefix)
    return CExpression(symbol + text, .prefix).carrying([a])
  }

  /// Returns `(type)a`.
  static func cast(_ type: String, _ a: CExpression) -> CExpression {
    CExpression("(\(type))\(a.operand(.prefix))", .prefix).carrying([a])
  }

  /// Returns `function(a, b, ...)`; a builtin counts as cheap.
  static func call(_ function: String, _ arguments: [CExpression]) -> CExpression {
    var call = CExpression("\(function)(\(arguments.map(\.text).joined(separator: ", ")))", .primary)
    call.isCostly = !function.hasPrefix("__builtin_")
    return call.carrying(arguments)
  }

  /// Returns `condition ? a : b`.
  static func conditional(_ condition: CExpression, _ a: CExpression, _ b: CExpression) -> CExpression {
    let text = "\(condition.operand(.or)) ? \(a.operand(.or)) : \(b.operand(.conditional))"
    return CExpression(text, .conditional).carrying([condition, a, b])
  }

  /// Returns the expression with the properties its parts hand on.
  private func carrying(_ parts: [CExpression]) -> CExpression {
    var result = self
    result.readsMemory = readsMemory || parts.contains(where: \.readsMemory)
    result.isCostly = isCostly || parts.contains(where: \.isCostly)
    return result
  }
}
