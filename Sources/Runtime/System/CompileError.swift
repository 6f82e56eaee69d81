/// C code that could not be compiled, for want of a compiler or because it failed.
public enum CompileError: Error, CustomStringConvertible, Sendable {
  /// No such compiler on the PATH.
  case compilerNotFound(command: String, searchPath: String)
  /// The compiler did not do its work: how it ended, what it wrote, and the source, which is kept.
  case failed(command: [String], reason: String, output: String, source: String?)

  /// What happened, with all that is needed to see it again, and what to try next.
  public var description: String {
    switch self {
    case .compilerNotFound(let command, let searchPath):
      return """
        no C compiler: '\(command)' is not an executable file in \(searchPath)
        try next: install gcc or clang, set CC to a compiler, or set DEVICE=INTERPRETER to do without (slowly)
        """
    case .failed(let command, let reason, let output, let source):
      var lines = ["the C compiler \(reason)", "command: \(command.map(quoted).joined(separator: " "))"]
      let written = output.split(separator: "\n", omittingEmptySubsequences: false)
      lines += written.prefix(CompileError.outputLineLimit).map { "  " + $0 }
      if written.count > CompileError.outputLineLimit {
        lines.append("  ... and \(written.count - CompileError.outputLineLimit) more lines")
      }
      if let source { lines.append("source kept in: \(source)") }
      lines.append("try next: run the command by hand, set CC to another compiler, or set DEVICE=INTERPRETER")
      return lines.joined(separator: "\n")
    }
  }

  private static let outputLineLimit = 40
}

/// Quotes an argument for a shell where it needs it.
private func quoted(_ argument: String) -> String {
  let isPlain = argument.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      return true
    default: return "-_=+./,:@%".utf8.contains(byte)
    }
  }
  if isPlain && !argument.isEmpty { return argument }
  return "'" + argument.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
