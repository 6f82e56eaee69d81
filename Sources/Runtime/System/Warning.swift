import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Tells the user once about something that is not as they meant it but need not stop the program.
package enum Warning {
  private static let given = Mutex<Set<String>>([])

  /// Writes `swiftlet: warning: message` to standard error, unless this process has warned about `key` before.
  package static func once(_ key: String, _ message: String) {
    guard given.withLock({ $0.insert(key).inserted }) else { return }
    StandardError.write("swiftlet: warning: \(message)\n")
  }
}

/// The stream for what is no result: warnings and what `DEBUG` asks for.
package enum StandardError {
  /// Writes a text at once, so that lines of several threads and processes do not mix.
  package static func write(_ text: String) {
    let bytes = Array(text.utf8)
    _ = bytes.withUnsafeBytes { Files.writeAll(STDERR_FILENO, $0) }
  }
}
