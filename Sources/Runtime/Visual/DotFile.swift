#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes pictures to where people look at them.
package enum DotFile {
  /// Writes a text to a file, which is replaced as a whole: a viewer that watches it never sees half a picture.
  package static func write(_ text: String, to path: String) throws(FileError) {
    // A device, a pipe or a symbolic link is meant as it is; renaming over it would put a file in its place.
    if let status = Files.linkStatus(path), status.kind != S_IFREG {
      let descriptor = open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw FileError("write", path) }
      defer { close(descriptor) }
      return try write(text, to: descriptor, path)
    }
    let partial = "\(path).\(getpid()).partial"
    let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw FileError("write", path) }
    do throws(FileError) {
      defer { close(descriptor) }
      try write(text, to: descriptor, path)
    } catch {
      unlink(partial)
      throw error
    }
    guard rename(partial, path) == 0 else {
      let failure = FileError("write", path)
      unlink(partial)
      throw failure
    }
  }

  /// Writes a text to standard output.
  package static func writeToStandardOutput(_ text: String) throws(FileError) {
    try write(text, to: STDOUT_FILENO, "standard output")
  }

  private static func write(_ text: String, to descriptor: Int32, _ path: String) throws(FileError) {
    var text = text
    guard text.withUTF8({ Files.writeAll(descriptor, UnsafeRawBufferPointer($0)) }) else {
      throw FileError("write", path)
    }
  }
}
