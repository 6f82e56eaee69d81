import Foundation
import LazyOps
import LazyRuntime
import Testing

/// Whatever becomes of the cache's directory and entries, the numbers are right and there is one warning at most.
@Suite("Faults: the kernel cache") struct FaultCacheTests {
  private let directory = TemporaryDirectory()
  private var cache: String { directory.path + "/cache" }

  @Test("a directory that vanishes is made again, without a word")
  func vanishing() async throws {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      [cache = cache as String] in
      FaultProcess.prepare(cache: cache)
      for number in 0..<3 {
        FaultProcess.compute(number)
        #expect(!FaultProcess.entries(cache).isEmpty)
        try FileManager.default.removeItem(atPath: cache)
      }
    }
    #expect(FaultReport(result?.standardErrorContent).warnings == [])
  }

  @Test(
    "a directory that goes bad while the process runs is left alone after one warning",
    arguments: ["link", "file", "open", "foreign"])
  func goingBad(kind: String) async throws {
    if kind == "foreign" && geteuid() != 0 { return }
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      [cache = cache as String, kind = kind as String] in
      FaultProcess.prepare(cache: cache)
      FaultProcess.compute(0)
      let away = cache + "-away"
      rename(cache, away)
      let count = FaultProcess.entries(away).count
      switch kind {
      case "link": try FileManager.default.createSymbolicLink(atPath: cache, withDestinationPath: away)
      case "file": try Data().write(to: URL(fileURLWithPath: cache))
      default:
        mkdir(cache, 0o700)
        chmod(cache, kind == "open" ? 0o777 : 0o700)
        if kind == "foreign" { chown(cache, 65534, 65534) }
      }
      for number in 1...3 { FaultProcess.compute(number) }
      #expect(FaultProcess.entries(away).count == count)
      #expect(kind == "link" || FaultProcess.entries(cache) == [])
    }
    let warnings = FaultReport(result?.standardErrorContent).warnings
    #expect(
      warnings.count == 1 && warnings.first?.contains("kernels will not be kept: \(cache)") == true
        || warnings.first?.contains("others may write to \(cache)") == true)
  }

  @Test("where no file can be written the evaluator computes after one warning")
  func nowhere() async throws {
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      [cache = cache as String] in
      FaultProcess.prepare(cache: cache)
      FaultProcess.compute(0)
      signal(SIGXFSZ, SIG_IGN)
      #if os(Linux)
        let resource = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
      #else
        let resource = RLIMIT_FSIZE
      #endif
      var limit = rlimit(rlim_cur: 0, rlim_max: 0)
      setrlimit(resource, &limit)
      for number in 0...2 { FaultProcess.compute(number) }
    }
    let report = FaultReport(result?.standardErrorContent)
    #expect(report.warnings.count == 1 && report.text.contains("File too large"))
  }

  @Test("damaged entries are built again", arguments: ["empty", "half", "byte", "directory", "link", "rubbish"])
  func damage(kind: String) async throws {
    await #expect(processExitsWith: .success) { [cache = cache as String] in
      FaultProcess.prepare(cache: cache)
      FaultProcess.compute()
    }
    let entries = FaultProcess.entries(cache)
    try #require(!entries.isEmpty)
    for entry in entries {
      let url = URL(fileURLWithPath: entry)
      var bytes = [UInt8](try Data(contentsOf: url))
      switch kind {
      case "half": bytes.removeLast(bytes.count / 2)
      case "byte": bytes[bytes.count / 3] ^= 0x40
      case "rubbish": bytes = bytes.map { $0 ^ 0x55 }
      default: bytes = []
      }
      try FileManager.default.removeItem(at: url)
      switch kind {
      case "directory": try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
      case "link":
        try FileManager.default.createSymbolicLink(atPath: entry, withDestinationPath: directory.path + "/target")
      default: try Data(bytes).write(to: url)
      }
    }
    let target = try directory.write("target", "not a kernel")
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      [cache = cache as String] in
      FaultProcess.prepare(cache: cache)
      FaultProcess.compute()
    }
    #expect(FaultReport(result?.standardErrorContent).warnings == [])
    #expect(try String(contentsOfFile: target, encoding: .utf8) == "not a kernel")
    #expect(FaultProcess.entries(cache) == entries)
    for entry in entries {
      #expect(try FileManager.default.attributesOfItem(atPath: entry)[.type] as? FileAttributeType == .typeRegular)
    }
  }

  @Test("no flipped bit and no shorter length of an entry goes unnoticed")
  func everyByte() throws {
    let cache = KernelCache(directory: cache)
    let file = cache.temporaryPath(suffix: ".so")
    let object = (0..<1000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try Data(object).write(to: URL(fileURLWithPath: file))
    let path = try cache.insert(file, for: "key")
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    #expect(whole.count == 1048)
    var unnoticed: [String] = []
    func look(_ bytes: [UInt8], _ name: String) throws {
      // The cache removes what it finds to be damaged.
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      if cache.path(for: "key") != nil { unnoticed.append(name) }
    }
    for position in whole.indices {
      var bytes = whole
      bytes[position] ^= 1 << (position % 8)
      try look(bytes, "bit in \(position)")
      try look(Array(whole.prefix(position)), "length \(position)")
    }
    #expect(unnoticed == [])
    try Data(whole).write(to: URL(fileURLWithPath: path))
    #expect(cache.path(for: "key") == path)
  }

  @Test("a symbolic link is no entry, even to a file that would be one")
  func plantedLink() throws {
    let cache = KernelCache(directory: cache)
    let file = cache.temporaryPath(suffix: ".so")
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: file))
    let path = try cache.insert(file, for: "key")
    let elsewhere = directory.path + "/elsewhere.so"
    rename(path, elsewhere)
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: elsewhere)
    #expect(cache.path(for: "key") == nil)
    #expect(exists(elsewhere) && !exists(path))
  }
}
