/// Text in Graphviz's language, written statement by statement.
package struct DotText {
  private var lines: [String] = []
  private var depth = 0

  package init() {}

  /// The text so far.
  package var text: String { lines.joined(separator: "\n") + "\n" }

  /// Writes `head { ... }` around what `body` writes.
  package mutating func block(_ head: String, _ body: (inout DotText) -> Void) {
    line(head + " {")
    depth += 1
    body(&self)
    depth -= 1
    line("}")
  }

  /// Writes one statement: a node, an edge, or `graph`, `node` and `edge` for what follows in the block.
  package mutating func statement(_ subject: String, _ attributes: [(name: String, value: DotValue)]) {
    let list = attributes.map { "\($0.name)=\($0.value.quoted)" }.joined(separator: ", ")
    line(list.isEmpty ? "\(subject);" : "\(subject) [\(list)];")
  }

  private mutating func line(_ text: String) { lines.append(String(repeating: "  ", count: depth) + text) }
}

/// The value of an attribute in Graphviz's language.
package enum DotValue: ExpressibleByStringInterpolation {
  /// Text that is shown as it is.
  case text(String)
  /// Graphviz's kind of HTML; what stands between its tags is `escaped` already.
  case markup(String)

  package init(stringLiteral value: String) { self = .text(value) }

  /// The value as it stands after the equals sign.
  ///
  /// Graphviz reads a backslash as its own escape and an ampersand as the start of an HTML entity.
  package var quoted: String {
    switch self {
    case .markup(let markup): return "<\(markup)>"
    case .text(let text):
      var result = "\""
      for character in text {
        switch character {
        case "\"": result += "\\\""
        case "\\": result += "\\\\"
        case "&": result += "&amp;"
        case "\n": result += "\\n"
        default: result.append(character)
        }
      }
      return result + "\""
    }
  }

  /// Returns text as it stands in markup.
  package static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }
}
