import Foundation
import LazyRuntime
import Testing

@Suite("System: the kernel cache") struct SystemKernelCacheTests {
  private let directory = TemporaryDirectory()
  private var wanted: String { directory.path + "/a/b" }
  private let object = (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 7) }

  /// Stores `object` under a key; what it is does not matter to the cache.
  @discardableResult
  private func insert(_ key: String, into cache: KernelCache) throws -> String {
    let path = cache.temporaryPath(suffix: ".so")
    try Data(object).write(to: URL(fileURLWithPath: path))
    return try cache.insert(path, for: key)
  }

  private func names(in path: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  @Test("an entry is found again, also by the next process")
  func storesAndFinds() throws {
    let cache = KernelCache(directory: wanted + "/")
    #expect(cache.isPersistent && cache.directory == wanted)
    let permissions = try FileManager.default.attributesOfItem(atPath: wanted)[.posixPermissions] as? Int
    #expect(permissions == 0o700)
    #expect(cache.path(for: "one") == nil)
    let path = try insert("one", into: cache)
    #expect(cache.path(for: "one") == path)
    #expect(KernelCache(directory: wanted).path(for: "one") == path)
    #expect(cache.path(for: "two") == nil)
    let stored = try Data(contentsOf: URL(fileURLWithPath: path))
    #expect(stored.count == object.count + 48 && stored.starts(with: object))
    #expect(try names(in: wanted).count == 1, "nothing temporary is left")
  }

  @Test(
    "a damaged entry counts as missing and can be stored again",
    arguments: ["truncated", "empty", "object", "trailer", "longer", "swapped"])
  func damage(kind: String) throws {
    let cache = KernelCache(directory: wanted)
    let path = try insert("one", into: cache)
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    switch kind {
    case "truncated": bytes.removeLast(1000)
    case "empty": bytes = []
    case "object": bytes[1234] ^= 1
    case "trailer": bytes[bytes.count - 3] ^= 0x80
    case "longer": bytes.append(0)
    default: bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: try insert("two", into: cache))))
    }
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    #expect(cache.path(for: "one") == nil)
    #expect(!exists(path))
    #expect(try insert("one", into: cache) == path)
    #expect(cache.path(for: "one") == path)
  }

  @Test(
    "a directory others could put code into is refused with one warning, and a private one serves until the exit",
    arguments: ["link", "open", "file", "under a file", "foreign", "none"])
  func refusal(kind: String) async throws {
    let manager = FileManager.default
    try manager.createDirectory(atPath: directory.path + "/real", withIntermediateDirectories: true)
    var path = directory.path + "/real"
    switch kind {
    case "link":
      path = directory.path + "/link/"
      try manager.createSymbolicLink(atPath: directory.path + "/link", withDestinationPath: directory.path + "/real")
    case "open": try manager.setAttributes([.posixPermissions: 0o777], ofItemAtPath: path)
    case "file": path = try directory.write("file", "text")
    case "under a file": path = try directory.write("file", "text") + "/cache"
    case "foreign":
      // Only root can give a directory away; for others the system's own directory is a foreign one.
      if chown(path, 65534, 65534) != 0 { path = "/usr" }
    default: path = ""
    }
    try Data(path.utf8).write(to: URL(fileURLWithPath: directory.path + "/wanted"))
    let result = try await #require(
      processExitsWith: .success, observing: [\.standardErrorContent, \.standardOutputContent]
    ) { [directory = directory.path as String] in
      let wanted = try String(contentsOfFile: directory + "/wanted", encoding: .utf8)
      for _ in 0..<2 {
        let cache = KernelCache(directory: wanted.isEmpty ? nil : wanted)
        guard !cache.isPersistent, cache.directory != wanted else { exit(2) }
        let file = try cache.writeTemporary("object", suffix: ".so")
        let path = try cache.insert(file, for: "key")
        guard cache.path(for: "key") == path, path.hasPrefix(cache.directory) else { exit(3) }
        print("private:\(cache.directory)")
      }
      exit(0)
    }
    let errors = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(errors.split(separator: "\n").filter { $0.hasPrefix("swiftlet: warning: ") }.count == 1)
    #expect(errors.contains(path.isEmpty ? "HOME" : directory.path) || path == "/usr")
    let output = String(decoding: result.standardOutputContent, as: UTF8.self)
    let used = output.split(separator: "\n").filter { $0.hasPrefix("private:") }.map { String($0.dropFirst(8)) }
    #expect(used.count == 2)
    #expect(used.filter(exists) == [], "removed at the exit")
    #expect(try names(in: directory.path + "/real") == [])
  }

  @Test("the oldest entries go when there are too many or they are too big")
  func bounds() throws {
    for cache in [
      KernelCache(directory: wanted + "/count", countLimit: 8, sweepInterval: 1),
      KernelCache(directory: wanted + "/bytes", byteLimit: 8 * 5048, sweepInterval: 1),
    ] {
      for index in 0..<8 { try directory.setAge(insert("\(index)", into: cache), seconds: Double(1000 - index)) }
      #expect(try names(in: cache.directory).count == 8)
      try insert("8", into: cache)
      #expect(try names(in: cache.directory).count == 7)
      #expect((0...8).filter { cache.path(for: "\($0)") != nil } == Array(2...8))
    }
  }

  @Test("use makes an old entry young, and what crashed processes left is removed")
  func ages() throws {
    let cache = KernelCache(directory: wanted, sweepInterval: 1)
    let path = try insert("one", into: cache)
    try directory.setAge(path, seconds: 3600)
    #expect(cache.path(for: "one") == path)
    #expect(try directory.age(path) > 3000, "once a day is enough")
    try directory.setAge(path, seconds: 200_000)
    #expect(cache.path(for: "one") == path)
    #expect(try directory.age(path) < 3000)

    let left = try cache.writeTemporary("int x;", suffix: ".c")
    let current = try cache.writeTemporary("int y;", suffix: ".c")
    try directory.setAge(left, seconds: 200_000)
    try insert("two", into: cache)
    #expect(!exists(left) && exists(current))
    cache.removeTemporary([current, path])
    #expect(!exists(current) && exists(path), "only temporary files are removed")
  }

  @Test("threads that store and look up the same keys agree")
  func together() throws {
    let cache = KernelCache(directory: wanted)
    let failures = Log<String>()
    let suite = self
    onThreads(6) { thread in
      for round in 0..<40 {
        let key = "\(round % 5)"
        do {
          if (round + thread) % 3 == 0 { try suite.insert(key, into: cache) }
          if let path = cache.path(for: key), try Data(contentsOf: URL(fileURLWithPath: path)).count != 5048 {
            failures.append("half an entry for \(key)")
          }
        } catch {
          failures.append("\(error)")
        }
      }
    }
    #expect(failures.entries == [])
    #expect((0..<5).allSatisfy { cache.path(for: "\($0)") != nil })
  }

  @Test("the fingerprint tells apart what differs in a bit, a length or an order")
  func fingerprints() {
    var bytes = (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    var seen: Set<String> = []
    var flips = 0
    let reference = Hash128(String(decoding: bytes, as: UTF8.self))
    func add(_ bytes: [UInt8]) { seen.insert(bytes.withUnsafeBytes { Hash128($0) }.hex) }
    for index in bytes.indices {
      for bit in 0..<8 {
        bytes[index] ^= 1 << bit
        add(bytes)
        bytes[index] ^= 1 << bit
        flips += 1
      }
    }
    for count in 0..<64 { add([UInt8](repeating: 0, count: count)) }
    #expect(seen.count == flips + 64)
    #expect(Hash128("ab" + "12345678" + "87654321") != Hash128("ab" + "87654321" + "12345678"))
    #expect(reference.hex.count == 32)
    // Entries on disk are named by it: a change would lose every user's cache, and must be meant.
    #expect(Hash128("").hex == "f271df0991abc567e4e0b5d67e0d3b99")
    #expect(Hash128("a kernel's key").hex == "3c359914f587e5b9d3ded62da5b90d58")
  }
}
