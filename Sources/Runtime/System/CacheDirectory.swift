import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Finds a directory from which it is safe to load code.
enum CacheDirectory {
  /// Creates the directory if need be and says what is wrong with it, if anything.
  ///
  /// What is loaded from it runs with this user's rights, so nobody else may be able to put anything there.
  static func refusal(of path: String) -> String? {
    if let error = create(path) { return error.description }
    guard let status = Files.linkStatus(path) else { return FileError("look at", path).description }
    if status.kind == S_IFLNK { return "\(path) is a symbolic link" }
    if status.kind != S_IFDIR { return "\(path) is not a directory" }
    if status.st_uid != geteuid() { return "\(path) belongs to another user" }
    if status.st_mode & 0o022 != 0 { return "others may write to \(path); chmod 700 would do" }
    if access(path, R_OK | W_OK | X_OK) != 0 { return FileError("write to", path).description }
    return nil
  }

  /// Makes a directory that is removed when the process exits, with all its files but the sources of kernels that did
  /// not compile: an error has named those.
  static func makePrivate() -> String {
    let wanted = getenv("TMPDIR").map { String(cString: $0) } ?? ""
    var path = ""
    for parent in [wanted, "/tmp", "/var/tmp"] where parent.hasPrefix("/") {
      var template = Array((parent + "/swiftlet-XXXXXX").utf8CString)
      let isMade = mkdtemp(&template) != nil
      path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if isMade {
        PrivateDirectories.removeAtExit(path)
        break
      }
    }
    // When none is made, whatever is written there says so with an error that names it.
    return path
  }

  private static func create(_ path: String) -> FileError? {
    var ends = path.indices.dropFirst().filter { path[$0] == "/" }
    ends.append(path.endIndex)
    for end in ends {
      let parent = String(path[..<end])
      if mkdir(parent, 0o700) == 0 { continue }
      let code = errno
      // Directories on the way may exist without our right to make one there.
      if code != EEXIST && Files.linkStatus(parent) == nil { return FileError("create", parent, code: code) }
    }
    return nil
  }
}

/// The directories to remove when the process exits.
private enum PrivateDirectories {
  private static let made = Mutex<[String]>([])
  private static let owner = getpid()
  private static let isRegistered: Bool = atexit { removeAll() } == 0

  static func removeAtExit(_ path: String) {
    made.withLock { $0.append(path) }
    _ = owner
    _ = isRegistered
  }

  private static func removeAll() {
    // A forked child that exits must leave its parent's files alone.
    guard getpid() == owner else { return }
    for directory in made.withLock({ $0 }) {
      for name in Files.names(in: directory) where !name.hasSuffix(".c") { unlink(directory + "/" + name) }
      rmdir(directory)
    }
  }
}
