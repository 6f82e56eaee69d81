/// A C declaration that functions use by its name: a function of arithmetic, a vector type.
struct CHelper: Sendable {
  let name: String
  /// The whole declaration; it may use helpers before it in the table.
  let text: String

  init(_ name: String, _ text: String) {
    self.name = name
    self.text = text
  }

  /// Every helper, each after those it uses.
  static let all: [CHelper] =
    bits + half + library + fusedMultiplyAdd + comparison + integer + division + exponential + logarithm + trigonometric
    + errorFunctions + power + vectors + access

  private static let positions = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($0.element.name, $0.offset) })

  /// What the C library defines.
  private static let library: [CHelper] =
    ["exp", "exp2", "expm1", "log", "log2", "log1p", "sin", "cos", "tan", "tanh", "erf"].map {
      CHelper($0, "double \($0)(double);")
    } + [
      CHelper("fmod", "double fmod(double, double);"),
      CHelper("pow", "double pow(double, double);"),
      CHelper("abort", "void abort(void);"),
      CHelper("dprintf", "int dprintf(int, const char *, ...);"),
    ]

  /// Returns the declarations that texts use, directly or through others, in the table's order.
  static func declarations(usedBy texts: [String]) -> [String] {
    var used = [Bool](repeating: false, count: all.count)
    var open = texts
    while let text = open.popLast() {
      forEachWord(in: text) { word in
        guard let position = positions[word], !used[position] else { return }
        used[position] = true
        open.append(all[position].text)
      }
    }
    return all.indices.filter { used[$0] }.map { all[$0].text }
  }

  /// Calls `visit` for every identifier, keyword and the like outside comments.
  private static func forEachWord(in text: String, _ visit: (String) -> Void) {
    var word: [UInt8] = []
    var previous: UInt8 = 0
    var isComment = false
    func flush() {
      if !word.isEmpty { visit(String(decoding: word, as: UTF8.self)) }
      word.removeAll(keepingCapacity: true)
    }
    for byte in text.utf8 {
      defer { previous = byte }
      if byte == UInt8(ascii: "\n") { isComment = false }
      if byte == UInt8(ascii: "/"), previous == byte { isComment = true }
      if isComment { continue }
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        word.append(byte)
      default: flush()
      }
    }
    flush()
  }
}
