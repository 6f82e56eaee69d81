/// The names of one C function, each given out once at a time.
struct CNames {
  private var taken: Set<String> = CNames.reserved

  /// Returns a name that nothing else has, as close to `wish` as C allows.
  mutating func take(_ wish: String) -> String {
    var base = String(wish.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    if base.isEmpty || base.first!.isNumber { base = "_" + base }
    var name = base
    var number = 1
    while !taken.insert(name).inserted {
      number += 1
      name = "\(base)_\(number)"
    }
    return name
  }

  /// Gives a name back, at the end of its scope.
  mutating func release(_ name: String) { taken.remove(name) }

  /// C's words, those of the functions written here, and the helpers.
  private static let reserved = keywords.union(CHelper.all.map(\.name))

  private static let keywords: Set<String> = [
    "asm", "auto", "break", "case", "char", "const", "continue", "default", "do", "double", "else", "enum", "extern",
    "float", "for", "goto", "if", "inline", "int", "long", "register", "restrict", "return", "short", "signed",
    "sizeof", "static", "struct", "switch", "typedef", "typeof", "union", "unsigned", "void", "volatile", "while",
    "linux", "unix", "argument", "arguments", "begin", "buffers", "end", "failed", "failure",
  ]
}
