#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file's bytes, read by the system page by page as they are touched, and shared with other readers of the file.
///
/// The file must not be made shorter while it is mapped: touching a page that is gone ends the process. Replacing it
/// by renaming a new file over it is harmless.
package final class MappedFile: @unchecked Sendable {
  /// The file that was mapped.
  package let path: String
  /// The contents. They are valid only as long as this object lives, which may end with its last use and before the
  /// last use of the bytes: hold on to it explicitly, or use `withBytes`.
  package let bytes: UnsafeRawBufferPointer

  /// Maps a regular file for reading.
  package init(path: String) throws(FileError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", path) }
    // A mapping stays when its descriptor goes.
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw FileError("look at", path) }
    guard status.kind == S_IFREG else {
      throw FileError("map", path, code: status.kind == S_IFDIR ? EISDIR : EINVAL)
    }
    self.path = path
    // The system refuses to map nothing.
    guard status.st_size > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    let count = Int(status.st_size)
    guard let base = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), base != MAP_FAILED else {
      throw FileError("map", path)
    }
    bytes = UnsafeRawBufferPointer(start: base, count: count)
  }

  /// Calls `body` with the contents, which must not be used afterwards.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
  }
}
