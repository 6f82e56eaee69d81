#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a compiler takes and offers on this processor, found by asking it to list its macros.
struct CompilerProbe: Equatable {
  var vectorByteCount: Int
  var flags: [String]
  var libraries: [String]

  /// What every compiler must take.
  private static let commonFlags: [String] = {
    var flags = ["-std=gnu11", "-O2", "-shared", "-fPIC", "-w"]
    // IEEE results; the same value wherever it is computed; and loops with calls and comparisons still vectorize.
    flags += ["-ffp-contract=off", "-fno-math-errno", "-fno-trapping-math", "-fopenmp-simd"]
    #if canImport(Darwin)
      flags += ["-undefined", "dynamic_lookup"]
    #else
      // Kernels find the few C functions they need in the process; not linking libraries saves a fifth of the time.
      flags += ["-nostdlib"]
    #endif
    return flags
  }()

  /// What gcc takes in addition. Its jump threading breaks up chains of clamps, which then do not vectorize. Short loops
  /// over partial sums become straight code, which keeps them in registers. And gcc 12 gives a load under a mask in a
  /// peeled loop the address of another array's element: wrong numbers.
  private static let gccFlags = ["-fno-thread-jumps", "-fpeel-loops", "-fno-ivopts"]

  /// How to ask for the processor at hand, best first. Some compilers know only one of the two for ARM.
  private static let processorFlags = [["-march=native"], ["-mcpu=native"], []]

  /// Reads the answer kept for this compiler, or asks it and keeps the answer.
  static func cached(
    _ command: [String], identity: String, timeLimit: Duration, cache: KernelCache
  ) throws(CompileError) -> CompilerProbe {
    let question = ([identity] + command + commonFlags + gccFlags).joined(separator: "\0")
    let path = "\(cache.directory)/cc-\(Hash128(question).hex)"
    if Files.isOwn(path), let text = Files.readText(path, limit: 65536), let probe = CompilerProbe(text) {
      return probe
    }
    let probe = try run(command, timeLimit)
    // Without the file the next start asks again; nothing worse.
    if let file = try? cache.writeTemporary(probe.text, suffix: ".txt"), rename(file, path) != 0 {
      cache.removeTemporary([file])
    }
    return probe
  }

  private static func run(_ command: [String], _ timeLimit: Duration) throws(CompileError) -> CompilerProbe {
    var failure: CompileError?
    for processor in processorFlags {
      let flags = processor + commonFlags
      let line = command + flags + ["-dM", "-E", "-x", "c", "/dev/null"]
      let result = Result { () throws(SpawnError) in
        try ChildProcess.run(line, timeLimit: timeLimit, outputLimit: 1 << 20)
      }
      let error = CCompiler.error(result, line, timeLimit, source: nil)
      if error == nil, case .success(let completion) = result {
        return CompilerProbe(flags: flags, macros: completion.output)
      }
      // One that hangs hangs with other flags too.
      if case .timedOut? = error { throw error! }
      failure = failure ?? error
    }
    throw failure ?? .failed(command: command, reason: "takes no flags", output: "", source: nil)
  }

  /// Draws the conclusions from a compiler's macros.
  init(flags: [String], macros text: String) {
    let macros = Set(
      text.split(separator: "\n").compactMap { line in line.split(separator: " ").dropFirst().first.map(String.init) })
    self.flags = flags
    libraries = []
    if macros.contains("__GNUC__") && !macros.contains("__clang__") {
      self.flags += CompilerProbe.gccFlags
      #if os(Linux)
        // Conversions of half types that the processor does not have are functions of the compiler's own library.
        libraries.append("-lgcc")
      #endif
    }
    vectorByteCount =
      if macros.contains("__AVX512F__") {
        64
      } else if macros.contains("__AVX__") {
        32
      } else {
        16
      }
  }

  /// The form kept on disk: width, flags and libraries, a line each, and a fingerprint of those lines.
  var text: String {
    let body = ["\(vectorByteCount)", flags.joined(separator: "\t"), libraries.joined(separator: "\t")]
    return (body + [Hash128(body.joined(separator: "\n")).hex]).joined(separator: "\n")
  }

  /// Reads what `text` gives; nil when it is damaged.
  init?(_ text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard lines.count == 4, let width = Int(lines[0]) else { return nil }
    vectorByteCount = width
    flags = lines[1].split(separator: "\t").map { String($0) }
    libraries = lines[2].split(separator: "\t").map { String($0) }
    guard self.text == text else { return nil }
  }
}
