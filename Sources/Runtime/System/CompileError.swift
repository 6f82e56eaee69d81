/// C code that could not be compiled, for want of a compiler or because it failed.
public enum CompileError: Error, CustomStringConvertible, Sendable {
  /// No such compiler on the PATH.
  case compilerNotFound(command: String, searchPath: String)
  /// The compiler did not do its work: how it ended, what it wrote, and the source, which is kept.
  case failed(command: [String], reason: String, output: String, source: String?)
  /// The compiler was stopped at the time limit; the source is kept.
  case timedOut(command: [String], limit: Duration, source: String?)

  /// What happened, with all that is needed to see it again, and what to try next.
  public var description: String {
    switch self {
    case .compilerNotFound(let command, let searchPath):
      return """
        no C compiler: '\(command)' is not an executable file in \(searchPath)
        try next: install gcc or clang, set CC to a compiler, or set DEVICE=INTERPRETER to do without (slowly)
        """
    case .failed(let command, let reason, let output, let source):
      let next = "run the command by hand, set CC to another compiler, or set DEVICE=INTERPRETER"
      return CompileError.report(reason, command, CompileError.beginning(of: output), source, next: next)
    case .timedOut(let command, let limit, let source):
      let reason = "did not finish within \(limit)"
      let next = "run the command by hand, allow more seconds by SWIFTLET_CC_TIMEOUT, or set CC to another compiler"
      return CompileError.report(reason, command, [], source, next: next)
    }
  }

  /// The source that did not compile.
  var source: String? {
    switch self {
    case .compilerNotFound: nil
    case .failed(_, _, _, let source), .timedOut(_, _, let source): source
    }
  }

  /// Whether the compiler says that it is itself at fault, as gcc and clang do when they crash.
  var isInternal: Bool {
    guard case .failed(_, _, let output, _) = self else { return false }
    return output.contains("internal compiler error") || output.contains("PLEASE submit a bug report")
  }

  private static func report(
    _ reason: String, _ command: [String], _ output: [String], _ source: String?, next: String
  ) -> String {
    var lines = ["the C compiler \(reason)", "command: \(command.map(quoted).joined(separator: " "))"]
    lines += output.map { "  " + $0 }
    if let source { lines.append("source kept in: \(source)") }
    return (lines + ["try next: \(next)"]).joined(separator: "\n")
  }

  /// What is shown of a compiler's output: 40 lines of 400 characters at most.
  private static func beginning(of output: String) -> [String] {
    let (lineLimit, widthLimit) = (40, 400)
    let written = output.split(separator: "\n", omittingEmptySubsequences: false)
    var lines = written.prefix(lineLimit).map { line in
      let rest = line.count - widthLimit
      return rest > 0 ? "\(line.prefix(widthLimit))... and \(rest) more characters" : String(line)
    }
    if written.count > lineLimit { lines.append("... and \(written.count - lineLimit) more lines") }
    return lines
  }
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
