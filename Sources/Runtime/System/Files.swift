#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Reads and writes small files in one go.
enum Files {
  /// Reads at most `limit` bytes from the start of a file as text; nil when it cannot be opened or read.
  static func readText(_ path: String, limit: Int = 1 << 20) -> String? {
    read(path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Reads at most `limit` bytes from the start of a file; nil when it cannot be opened or read. Unlike a mapping,
  /// bytes that were read stay when somebody makes the file shorter.
  static func read(_ path: String, limit: Int = .max) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: min(limit, 65536))
    while bytes.count < limit {
      let count = systemRead(descriptor, &chunk, min(chunk.count, limit - bytes.count))
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      bytes += chunk[..<count]
    }
    return bytes
  }

  private static func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    #if canImport(Glibc)
      Glibc.read(descriptor, buffer, count)
    #else
      Darwin.read(descriptor, buffer, count)
    #endif
  }

  /// Whether the path itself, no symbolic link, is a regular file of this user's.
  static func isOwn(_ path: String) -> Bool {
    guard let status = linkStatus(path) else { return false }
    return status.kind == S_IFREG && status.st_uid == geteuid()
  }

  /// Creates a new file that only this user can read; fails when the path exists.
  static func writeNew(_ path: String, _ text: String) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError("create", path) }
    defer { close(descriptor) }
    var text = text
    guard text.withUTF8({ writeAll(descriptor, UnsafeRawBufferPointer($0)) }) else { throw FileError("write", path) }
  }

  /// Writes every byte, going on after partial writes and interruptions; false leaves the reason in `errno`.
  static func writeAll(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Lists the names in a directory, without `.` and `..`; empty when it cannot be read.
  static func names(in directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names
  }

  /// Looks at a path itself, not at what a symbolic link there leads to.
  static func linkStatus(_ path: String) -> stat? {
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }

  /// Looks at what a path leads to.
  static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }
}

extension stat {
  /// The kind of file: `S_IFREG`, `S_IFDIR`, `S_IFLNK` and so on.
  var kind: mode_t { st_mode & S_IFMT }

  /// When the contents last changed, to the nanosecond.
  var modified: timespec {
    #if canImport(Glibc)
      st_mtim
    #else
      st_mtimespec
    #endif
  }
}
