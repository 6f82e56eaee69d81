import LazyScheduler
import Testing

/// A picture read back: a small reader of the part of Graphviz's language that `DotText` writes, strict about it.
struct DotPicture {
  struct Node {
    let attributes: [String: String]
    /// The clusters around it, outermost first.
    let clusters: [String]
  }

  struct Edge {
    let from: String
    let to: String
    let attributes: [String: String]
  }

  struct Fault: Error, CustomStringConvertible {
    let description: String
  }

  private(set) var nodes: [String: Node] = [:]
  private(set) var edges: [Edge] = []
  /// The attributes of each cluster.
  private(set) var clusters: [String: [String: String]] = [:]
  private var tokens: [String] = []
  private var position = 0

  init(_ text: String) throws {
    tokens = try DotPicture.tokens(of: text)
    guard next() == "digraph" else { throw fault("no digraph") }
    _ = next()
    try block(in: [])
    guard position == tokens.count else { throw fault("text after the end") }
  }

  /// The nodes of a cluster, by name.
  func nodes(in cluster: String) -> [String: Node] { nodes.filter { $0.value.clusters.contains(cluster) } }

  private func fault(_ message: String) -> Fault { Fault(description: "\(message) at token \(position) of \(tokens)") }

  private mutating func next() -> String? {
    guard position < tokens.count else { return nil }
    defer { position += 1 }
    return tokens[position]
  }

  private mutating func block(in path: [String]) throws {
    guard next() == "{" else { throw fault("no {") }
    while let token = next(), token != "}" {
      if token == "subgraph" {
        guard let name = next(), clusters[name] == nil else { throw fault("a cluster without a name of its own") }
        clusters[name] = [:]
        try block(in: path + [name])
        continue
      }
      let target = position < tokens.count && tokens[position] == "->" ? tokens[position + 1] : nil
      if target != nil { position += 2 }
      let attributes = try attributes()
      if let target {
        edges.append(Edge(from: token, to: target, attributes: attributes))
      } else if token == "graph" {
        if let cluster = path.last { clusters[cluster] = attributes }
      } else if token != "node" && token != "edge" {
        guard nodes[token] == nil else { throw fault("\(token) is written twice") }
        nodes[token] = Node(attributes: attributes, clusters: path)
      }
    }
    guard position > 0, tokens[position - 1] == "}" else { throw fault("no }") }
  }

  private mutating func attributes() throws -> [String: String] {
    guard next() == "[" else { throw fault("no [") }
    var attributes: [String: String] = [:]
    while let name = next(), name != "]" {
      if name == "," { continue }
      guard next() == "=", let value = next(), attributes[name] == nil else { throw fault("no value of \(name)") }
      attributes[name] = value
    }
    guard next() == ";" else { throw fault("no ;") }
    return attributes
  }

  /// Splits a text; quoted strings are read as Graphviz does, with `\n` as a line break.
  private static func tokens(of text: String) throws -> [String] {
    var tokens: [String] = []
    var rest = text[...]
    while let character = rest.popFirst() {
      if character.isWhitespace { continue }
      if character == "\"" {
        var value = ""
        while let inner = rest.popFirst(), inner != "\"" {
          guard inner == "\\" else {
            value.append(inner)
            continue
          }
          guard let escaped = rest.popFirst(), "n\\\"".contains(escaped) else { throw Fault(description: "bad escape") }
          value.append(escaped == "n" ? "\n" : escaped)
        }
        tokens.append(value)
      } else if character == "<" {
        var depth = 1
        var value = ""
        while depth > 0, let inner = rest.popFirst() {
          depth += inner == "<" ? 1 : inner == ">" ? -1 : 0
          value.append(inner)
        }
        tokens.append(value)
      } else if character == "-", rest.first == ">" {
        rest.removeFirst()
        tokens.append("->")
      } else if character.isLetter || character.isNumber {
        var name = String(character)
        while let inner = rest.first, inner.isLetter || inner.isNumber || inner == "_" {
          name.append(rest.removeFirst())
        }
        tokens.append(name)
      } else {
        tokens.append(String(character))
      }
    }
    return tokens
  }
}

@Suite struct DotTextTests {
  @Test(arguments: ["plain", "a \"quoted\" word", "back\\slash\\n", "two\nlines", "50 < 60 > 40"])
  func textComesBackAsItWas(_ value: String) throws {
    var text = DotText()
    text.block("digraph g") { $0.statement("a", [("label", .text(value))]) }
    #expect(try DotPicture(text.text).nodes["a"]?.attributes["label"] == value)
  }

  @Test func ampersandsStartNoEntity() { #expect(DotValue.text("a &lt; b").quoted == "\"a &amp;lt; b\"") }

  @Test func markupIsEscaped() { #expect(DotValue.escaped("a<b> & \"c\"") == "a&lt;b&gt; &amp; &quot;c&quot;") }

  @Test(arguments: ["digraph g {", "digraph g { a; }", "digraph g { a [b=\"c\"] }", "digraph g { } }"])
  func theReaderIsStrict(_ text: String) { #expect(throws: DotPicture.Fault.self) { try DotPicture(text) } }
}
