#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the machine offers this process.
package enum Machine {
  /// The number of cores this process may use: those it is bound to, and no more than its container's quota.
  package static let coreCount: Int = {
    var count = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
    #if os(Linux)
      if let bound = Files.readText("/proc/self/status").flatMap(boundCoreCount(inProcessStatus:)) {
        count = min(count, bound)
      }
      if let quota = Files.readText("/sys/fs/cgroup/cpu.max").flatMap(quotaCoreCount(inControlGroup:)) {
        count = min(count, quota)
      }
    #endif
    return count
  }()

  /// The bytes of memory this process can have: the machine's, or its container's limit.
  package static let memoryByteCount: Int = {
    var count = max(1 << 28, Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE))))
    #if os(Linux)
      let limit = Files.readText("/sys/fs/cgroup/memory.max")?.split(separator: "\n").first.flatMap { Int($0) }
      if let limit, limit > 0 { count = min(count, limit) }
    #endif
    return count
  }()

  /// Names the processor's model and instruction sets: code compiled for one identity may not run on another.
  package static let processorIdentity: String = {
    #if os(Linux)
      // A few kilobytes hold the first core's entry; reading all of a large machine's takes milliseconds.
      if let text = Files.readText("/proc/cpuinfo", limit: 8192) { return identity(inProcessorInformation: text) }
    #else
      var brand = [UInt8](repeating: 0, count: 256)
      var size = brand.count
      if sysctlbyname("machdep.cpu.brand_string", &brand, &size, nil, 0) == 0 {
        return String(decoding: brand.prefix { $0 != 0 }, as: UTF8.self)
      }
    #endif
    var name = utsname()
    uname(&name)
    return withUnsafeBytes(of: &name.machine) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }()

  // These texts are taken apart as bytes: as characters they would cost more than all else at the start of a program.

  /// Counts the bits of the `Cpus_allowed:` mask in the text of /proc/self/status.
  package static func boundCoreCount(inProcessStatus text: String) -> Int? {
    let prefix = "Cpus_allowed:".utf8
    guard let line = text.utf8.split(separator: UInt8(ascii: "\n")).first(where: { $0.starts(with: prefix) }) else {
      return nil
    }
    let digits = line.dropFirst(prefix.count).lazy.map { Character(Unicode.Scalar($0)).hexDigitValue ?? 0 }
    let count = digits.reduce(0) { $0 + $1.nonzeroBitCount }
    return count > 0 ? count : nil
  }

  /// Rounds up the quota in the text of a control group's cpu.max, "quota period"; nil for "max period".
  package static func quotaCoreCount(inControlGroup text: String) -> Int? {
    let fields = text.split(whereSeparator: \.isWhitespace).map { Int($0) }
    guard fields.count == 2, let quota = fields[0], let period = fields[1], quota > 0, period > 0 else { return nil }
    return (quota + period - 1) / period
  }

  /// Picks what names the model and its features from the first core's entry in /proc/cpuinfo. Clock rates are left
  /// out because they change.
  package static func identity(inProcessorInformation text: String) -> String {
    let names = [
      "vendor_id", "cpu family", "model", "model name", "stepping", "flags",
      "CPU implementer", "CPU architecture", "CPU variant", "CPU part", "CPU revision", "Features", "isa", "uarch",
    ]
    var kept: [String] = []
    for line in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if line.isEmpty { break }
      let name = line.prefix { $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "\t") }
      if names.contains(where: { $0.utf8.elementsEqual(name) }) { kept.append(String(Substring(line))) }
    }
    return kept.joined(separator: "\n")
  }
}
