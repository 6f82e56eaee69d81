#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the user asked for through environment variables.
///
/// A value that makes no sense is replaced by the default after one warning: a wrong variable must not stop a program.
package struct Environment: Sendable {
  /// Who computes.
  package enum Device: String, Sendable, CustomStringConvertible {
    /// Kernels compiled from C.
    case compiled = "CPU"
    /// The graph evaluator, which needs no compiler.
    case interpreter = "INTERPRETER"

    /// The value of `DEVICE` that asks for it.
    package var description: String { rawValue }
  }

  /// What this process was started with, read once.
  package static let current = Environment(processVariables())

  /// `DEBUG`: how much to print, 0...4.
  package let debug: Int
  /// `THREADS`: how many threads share the work, the caller's among them.
  package let threads: Int
  /// `VERIFY`: whether to verify every level after every pass.
  package let verify: Bool
  /// `CHECK`: whether kernels assert that every access is in bounds.
  package let check: Bool
  /// `NAN_CHECK`: whether to stop at the first op that gives NaN.
  package let nanCheck: Bool
  /// `DEVICE`: who computes.
  package let device: Device
  /// `CC`: the C compiler, perhaps with arguments.
  package let compiler: String
  /// `SWIFTLET_CC_TIMEOUT`: how long the compiler may take for one unit.
  package let compilerTimeLimit: Duration
  /// `PATH`: where the compiler is looked for.
  package let searchPath: String
  /// Where compiled kernels are kept: `SWIFTLET_CACHE`, or `swiftlet` in the user's cache directory; nil when neither
  /// is known.
  package let cacheDirectory: String?
  /// `VIZ`: the file that receives the picture of every graph.
  package let visualizationPath: String?
  /// `PROFILE`: the file that receives a timeline of what the process does.
  package let profilePath: String?
  /// `DIGEST`: the file that receives fingerprints of all results.
  package let digestPath: String?

  /// The most threads `THREADS` may ask for.
  package static let threadLimit = 1024

  /// Reads the settings from `variables`; `warn` is called with a variable's name and a message for each bad value.
  package init(_ variables: [String: String], warn: (_ key: String, _ message: String) -> Void = Warning.once) {
    func value(_ name: String) -> String? {
      guard let text = variables[name], !text.isEmpty else { return nil }
      return text
    }
    func flag(_ name: String) -> Bool {
      guard let text = value(name)?.lowercased() else { return false }
      return !["0", "false", "no", "off"].contains(text)
    }

    func parsed<Setting>(_ name: String, default: Setting, expected: String, _ parse: (String) -> Setting?) -> Setting {
      guard let text = value(name) else { return `default` }
      if let setting = parse(text) { return setting }
      warn(name, "\(name)=\(text) is not \(expected); using \(`default`)")
      return `default`
    }

    let limit = Environment.threadLimit
    threads = parsed("THREADS", default: min(Machine.coreCount, limit), expected: "a number from 1 to \(limit)") {
      Int($0).flatMap { (1...limit).contains($0) ? $0 : nil }
    }
    debug = parsed("DEBUG", default: 0, expected: "a number from 0 to 4") {
      Int($0).flatMap { $0 >= 0 ? min($0, 4) : nil }
    }
    device = parsed("DEVICE", default: .compiled, expected: "CPU or INTERPRETER") {
      Device(rawValue: $0.uppercased())
    }
    verify = flag("VERIFY")
    check = flag("CHECK")
    nanCheck = flag("NAN_CHECK")
    compiler = value("CC") ?? "cc"
    let seconds = parsed("SWIFTLET_CC_TIMEOUT", default: 120, expected: "a number of seconds from 0.01 to 86400") {
      Double($0).flatMap { (0.01...86400).contains($0) ? $0 : nil }
    }
    compilerTimeLimit = .milliseconds(Int64(seconds * 1000))
    searchPath = value("PATH") ?? "/usr/local/bin:/usr/bin:/bin"
    visualizationPath = value("VIZ")
    profilePath = value("PROFILE")
    digestPath = value("DIGEST")
    cacheDirectory = Environment.cacheDirectory(
      explicit: value("SWIFTLET_CACHE"), shared: value("XDG_CACHE_HOME"), home: value("HOME"))
  }

  /// Chooses where kernels are kept. Relative paths in the shared variables do not count, as their standard says; a
  /// relative explicit path is made absolute, because the program may change its working directory later.
  private static func cacheDirectory(explicit: String?, shared: String?, home: String?) -> String? {
    if let explicit {
      guard !explicit.hasPrefix("/"), let working = getcwd(nil, 0) else { return explicit }
      defer { free(working) }
      return String(cString: working) + "/" + explicit
    }
    if let shared, shared.hasPrefix("/") { return shared + "/swiftlet" }
    guard let home, home.hasPrefix("/") else { return nil }
    #if os(macOS)
      return home + "/Library/Caches/swiftlet"
    #else
      return home + "/.cache/swiftlet"
    #endif
  }

  private static func processVariables() -> [String: String] {
    let names = [
      "CC", "CHECK", "DEBUG", "DEVICE", "DIGEST", "HOME", "NAN_CHECK", "PATH", "PROFILE", "SWIFTLET_CACHE",
      "SWIFTLET_CC_TIMEOUT", "THREADS", "VERIFY", "VIZ", "XDG_CACHE_HOME",
    ]
    var variables: [String: String] = [:]
    for name in names {
      if let text = getenv(name) { variables[name] = String(cString: text) }
    }
    return variables
  }
}
