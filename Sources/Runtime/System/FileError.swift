#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file or directory that could not be used.
public struct FileError: Error, CustomStringConvertible, Sendable {
  /// What was tried, as a verb: "open", "map", "create".
  public let operation: String
  /// The file it was tried on.
  public let path: String
  /// The system's error number.
  public let code: Int32

  /// Reads the error number the failed call left in `errno` unless one is given.
  package init(_ operation: String, _ path: String, code: Int32 = errno) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// One line: what failed, on which file, and why.
  public var description: String { "cannot \(operation) \(path): \(errorText(code))" }
}

/// Names a system error number in words.
package func errorText(_ code: Int32) -> String {
  guard let text = strerror(code) else { return "error \(code)" }
  return String(cString: text)
}
