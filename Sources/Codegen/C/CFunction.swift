/// A kernel's C function, all but its name.
package struct CFunction: Sendable {
  let comment: [String]
  /// A line for each buffer.
  let parameters: [String]
  let body: [String]

  /// Returns the text under a name: a function with typed parameters, because compilers believe `restrict` of
  /// parameters only, and the one that the runtime calls.
  package func text(named name: String) -> String {
    var lines = comment.map { "// \($0)" }
    lines.append("static void \(name)_body(")
    lines += parameters.map { "    \($0)" }
    lines.append("    const union argument *arguments, long begin, long end, int *failure) {")
    lines += body
    lines += ["}", ""]
    lines.append(
      "void \(name)(void *const *buffers, const union argument *arguments, long begin, long end, int *failure) {")
    let handedOver = parameters.indices.map { "buffers[\($0)], " }.joined()
    lines += ["  \(name)_body(\(handedOver)arguments, begin, end, failure);", "}"]
    return lines.joined(separator: "\n")
  }
}
