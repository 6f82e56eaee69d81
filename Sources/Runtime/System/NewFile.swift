#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file that is being written beside the place it is for: it appears there whole, or not at all.
package struct NewFile: ~Copyable {
  private let descriptor: Int32
  private let temporary: String

  /// Writes a file at `path`, in place of what is there; `body` appends its contents.
  package static func write(_ path: String, _ body: (borrowing NewFile) throws -> Void) throws {
    let random = String(UInt64.random(in: 0...UInt64.max), radix: 36)
    let file = try NewFile(temporary: "\(path).\(getpid())-\(random)")
    do {
      try body(file)
      guard fsync(file.descriptor) == 0 else { throw FileError("write", path) }
      guard rename(file.temporary, path) == 0 else { throw FileError("write", path) }
    } catch {
      unlink(file.temporary)
      throw error
    }
  }

  private init(temporary: String) throws(FileError) {
    descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError("create", temporary) }
    self.temporary = temporary
  }

  deinit { close(descriptor) }

  /// Appends bytes.
  package borrowing func append(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
    guard Files.writeAll(descriptor, bytes) else { throw FileError("write", temporary) }
  }
}
