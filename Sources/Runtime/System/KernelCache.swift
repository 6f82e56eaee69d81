import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Compiled kernels on disk, shared by all of a user's processes and kept from run to run.
///
/// An entry is a shared object named by the fingerprint of its key, with a trailer of 48 bytes after its end, which
/// loaders ignore: a mark, the key's fingerprint, the object's byte count and the fingerprint of its bytes. An entry
/// appears whole by renaming; one that does not agree with its trailer (a crash, a full disk, a flipped bit) counts as
/// missing and is built again. So no lock is needed: at worst two processes build the same kernel, and either copy
/// stays.
package final class KernelCache: Sendable {
  /// Where entries and files on their way to become entries are. Its files belong to this user alone.
  package let directory: String
  /// Whether entries outlive the process; false after the wanted directory had to be refused.
  package let isPersistent: Bool
  private let byteLimit: Int
  private let countLimit: Int
  private let sweepInterval: Int
  private let temporaryCount = Atomic<Int>(0)

  /// Opens the cache in `directory`, creating it if need be. Where that is impossible or unsafe there is one warning,
  /// and a private directory serves until the process exits.
  ///
  /// About one insertion in `sweepInterval` looks whether the entries exceed `byteLimit` or `countLimit`, and removes
  /// the oldest.
  package init(
    directory wanted: String?, byteLimit: Int = 512 << 20, countLimit: Int = 20_000, sweepInterval: Int = 64
  ) {
    var refusal = wanted == nil ? "neither SWIFTLET_CACHE nor HOME names a directory" : nil
    if let wanted {
      // A slash at the end would make the system follow a symbolic link.
      var path = wanted
      while path.count > 1 && path.hasSuffix("/") { path.removeLast() }
      refusal = CacheDirectory.refusal(of: path)
      if refusal == nil {
        directory = path
        isPersistent = true
      } else {
        directory = CacheDirectory.makePrivate()
        isPersistent = false
      }
    } else {
      directory = CacheDirectory.makePrivate()
      isPersistent = false
    }
    self.byteLimit = byteLimit
    self.countLimit = countLimit
    self.sweepInterval = max(1, sweepInterval)
    if let refusal {
      Warning.once("cache " + (wanted ?? ""), "compiled kernels will not be kept: \(refusal)")
    }
  }

  /// Opens a private directory that serves until the process exits, without a warning.
  init(substituteFor other: KernelCache) {
    directory = CacheDirectory.makePrivate()
    isPersistent = false
    byteLimit = other.byteLimit
    countLimit = other.countLimit
    sweepInterval = other.sweepInterval
  }

  /// Finds the shared object built from `key`, checked to be whole.
  package func path(for key: String) -> String? {
    let fingerprint = Hash128(key)
    let path = entryPath(fingerprint)
    guard Files.linkStatus(path) != nil else { return nil }
    guard Files.isOwn(path), let bytes = Files.read(path), EntryTrailer.isValid(bytes, key: fingerprint) else {
      if unlink(path) != 0 { rmdir(path) }
      return nil
    }
    markAsUsed(path)
    return path
  }

  /// Makes a shared object that was written to `temporaryPath` the entry for `key`, and returns where it is now. If
  /// that fails, the object is left where it was.
  @discardableResult
  package func insert(_ library: String, for key: String) throws(FileError) -> String {
    let fingerprint = Hash128(key)
    let path = entryPath(fingerprint)
    guard let object = Files.read(library) else { throw FileError("read", library) }
    let trailer = EntryTrailer.bytes(object: object[...], key: fingerprint)
    let descriptor = open(library, O_WRONLY | O_APPEND | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileError("open", library) }
    let isWritten = trailer.withUnsafeBytes { Files.writeAll(descriptor, $0) }
    let code = errno
    close(descriptor)
    guard isWritten else { throw FileError("write", library, code: code) }
    guard rename(library, path) == 0 else { throw FileError("rename to \(path) the file", library) }
    if Int.random(in: 0..<sweepInterval) == 0 { sweep() }
    return path
  }

  /// Removes an entry that turned out to be of no use, by the path it was found at.
  package func remove(_ path: String) {
    if path.hasPrefix(directory + "/") { unlink(path) }
  }

  /// Makes up a name in the directory that no other process or thread uses.
  package func temporaryPath(suffix: String) -> String {
    let count = temporaryCount.wrappingAdd(1, ordering: .relaxed).newValue
    let random = String(UInt32.random(in: 0...UInt32.max), radix: 36)
    return "\(directory)/\(KernelCache.temporaryPrefix)\(getpid())-\(count)-\(random)\(suffix)"
  }

  /// Writes a text to a new temporary file and returns its path.
  package func writeTemporary(_ text: String, suffix: String) throws(FileError) -> String {
    let path = temporaryPath(suffix: suffix)
    try Files.writeNew(path, text)
    return path
  }

  /// Removes files that `temporaryPath` named, as far as they exist.
  package func removeTemporary(_ paths: [String]) {
    for path in paths where path.hasPrefix("\(directory)/\(KernelCache.temporaryPrefix)") { unlink(path) }
  }

  private static let temporaryPrefix = "tmp-"
  private static let secondsPerDay = 86_400

  private func entryPath(_ fingerprint: Hash128) -> String { "\(directory)/\(fingerprint.hex).so" }

  /// Makes an entry young again, so that age means time not used. Once a day is enough.
  private func markAsUsed(_ path: String) {
    guard let status = Files.status(path) else { return }
    if time(nil) - status.modified.tv_sec > KernelCache.secondsPerDay { utimensat(AT_FDCWD, path, nil, 0) }
  }

  /// Removes the oldest entries until an eighth of the limits is free again, and what crashed processes left behind.
  private func sweep() {
    var entries: [(path: String, byteCount: Int, modified: Int)] = []
    for name in Files.names(in: directory) {
      let path = directory + "/" + name
      guard let status = Files.linkStatus(path), status.kind == S_IFREG else { continue }
      if name.hasSuffix(".so") && !name.hasPrefix(KernelCache.temporaryPrefix) {
        entries.append((path, Int(status.st_size), status.modified.tv_sec))
      } else if name.hasPrefix(KernelCache.temporaryPrefix)
        && time(nil) - status.modified.tv_sec > KernelCache.secondsPerDay
      {
        unlink(path)
      }
    }
    var total = entries.reduce(0) { $0 + $1.byteCount }
    var count = entries.count
    guard total > byteLimit || count > countLimit else { return }
    entries.sort { ($0.modified, $0.path) < ($1.modified, $1.path) }
    for entry in entries {
      if total <= byteLimit / 8 * 7 && count <= countLimit / 8 * 7 { return }
      if unlink(entry.path) == 0 {
        total -= entry.byteCount
        count -= 1
      }
    }
  }
}

/// The last bytes of a cache entry, by which it is known to be whole.
private enum EntryTrailer {
  private static let mark: UInt64 = 0x3152_4E4B_544C_5753  // "SWLTKNR1"
  private static let byteCount = 48

  static func bytes(object: ArraySlice<UInt8>, key: Hash128) -> [UInt8] {
    let sum = object.withUnsafeBytes { Hash128($0) }
    return [mark, key.high, key.low, UInt64(object.count), sum.high, sum.low].flatMap { word in
      withUnsafeBytes(of: word.littleEndian) { Array($0) }
    }
  }

  static func isValid(_ entry: [UInt8], key: Hash128) -> Bool {
    entry.count > byteCount
      && entry.suffix(byteCount).elementsEqual(bytes(object: entry.dropLast(byteCount), key: key))
  }
}
