#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The system's C compiler, known to work and ready to build shared objects.
package struct CCompiler: Sendable {
  /// One source file and the shared object to build from it.
  package struct Unit: Sendable {
    package let source: String
    package let output: String

    /// Names the files; the output is written or replaced.
    package init(source: String, output: String) {
      self.source = source
      self.output = output
    }
  }

  /// The program by its full path, and the arguments `CC` gives it.
  package let command: [String]
  /// Changes when the compiler or the processor does: object code may only be reused under the same identity.
  package let identity: String
  /// What the compiler is told besides the files.
  package let flags: [String]
  /// What follows the files: libraries.
  package let libraries: [String]
  /// The bytes of the widest vector registers the compiler uses on this processor: 64, 32 or 16.
  package let vectorByteCount: Int

  /// How long one unit may take.
  package let timeLimit: Duration

  /// Finds the compiler that the environment asks for. Only the first time with a compiler does this run it, to see
  /// which flags it takes; the answer is kept in the cache's directory.
  package static func find(
    _ environment: Environment = .current, cache: KernelCache = .current
  ) throws(CompileError) -> CCompiler {
    let command = try CompilerSearch.command(environment)
    let identity = CompilerSearch.identity(command, environment)
    let probe = try CompilerProbe.cached(
      command, identity: identity, timeLimit: environment.compilerTimeLimit, cache: cache)
    return CCompiler(
      command: command, identity: identity, flags: probe.flags, libraries: probe.libraries,
      vectorByteCount: probe.vectorByteCount, timeLimit: environment.compilerTimeLimit)
  }

  /// Joins a C text with all else that its object code depends on: the key to use in the cache.
  package func cacheKey(for text: String) -> String {
    ([text, identity] + command + flags + libraries).joined(separator: "\0")
  }

  /// Compiles the units side by side, at most one a core at a time.
  ///
  /// A unit over which the compiler itself crashes is compiled again with fewer optimizations.
  ///
  /// The sources are left where they are; the error of a unit that fails names its source, so keep it in that case.
  /// No outputs are left then.
  package func compile(_ units: [Unit]) throws(CompileError) {
    var errors = run(units, flags)
    let crashed = units.indices.filter { errors[$0]?.isInternal == true }
    for (index, error) in zip(crashed, run(crashed.map { units[$0] }, flags + CCompiler.carefulFlags)) {
      errors[index] = error
    }
    guard let error = errors.lazy.compactMap({ $0 }).first else { return }
    for unit in units { unlink(unit.output) }
    throw error
  }

  /// With these a compiler does little that could crash it: what does is mostly optimization, above all of vector loops.
  private static let carefulFlags = ["-O1", "-fno-openmp-simd"]

  /// Compiles the units and returns the error of each that failed.
  private func run(_ units: [Unit], _ flags: [String]) -> [CompileError?] {
    let commands = units.map { command + flags + [$0.source, "-o", $0.output] + libraries }
    let results = ChildProcess.runAll(commands, width: Machine.coreCount, timeLimit: timeLimit)
    return units.indices.map { index in
      CCompiler.error(results[index], commands[index], timeLimit, source: units[index].source)
        ?? CCompiler.missingOutput(commands[index], units[index])
    }
  }

  private static func missingOutput(_ command: [String], _ unit: Unit) -> CompileError? {
    if Files.status(unit.output) != nil { return nil }
    return .failed(
      command: command, reason: "ended without writing \(unit.output)", output: "", source: unit.source)
  }

  /// Says what went wrong when running the compiler, if anything did.
  static func error(
    _ result: Result<ChildProcess.Completion, SpawnError>, _ command: [String], _ timeLimit: Duration,
    source: String?
  ) -> CompileError? {
    func failed(_ reason: String, _ output: String) -> CompileError {
      .failed(command: command, reason: reason, output: output, source: source)
    }
    switch result {
    case .failure(let error): return failed("did not start: \(errorText(error.code))", "")
    case .success(let completion):
      var output = completion.output
      if completion.droppedByteCount > 0 { output += "\n... and \(completion.droppedByteCount) more bytes" }
      switch completion.outcome {
      // Where the status cannot be known, what it wrote must tell.
      case .exited(0), .unknown: return nil
      case .exited(let status): return failed("failed with status \(status)", output)
      case .signaled(let signal): return failed("was ended by signal \(signal)", output)
      case .timedOut: return .timedOut(command: command, limit: timeLimit, source: source)
      }
    }
  }
}

/// Finds the compiler's program and tells it apart from others, without running it.
private enum CompilerSearch {
  /// Splits `CC` into the program, by its full path, and its arguments.
  static func command(_ environment: Environment) throws(CompileError) -> [String] {
    // A path with spaces in it is a program as well.
    if let program = executable(environment.compiler, environment) { return [program] }
    let words = environment.compiler.split(whereSeparator: \.isWhitespace).map { String($0) }
    guard let name = words.first, let program = executable(name, environment) else {
      throw .compilerNotFound(command: environment.compiler, searchPath: environment.searchPath)
    }
    return [program] + words.dropFirst()
  }

  /// Describes every program that the command names (`ccache gcc` names two) by path, size and time of change.
  static func identity(_ command: [String], _ environment: Environment) -> String {
    var lines: [String] = []
    for word in command where !word.hasPrefix("-") {
      guard let path = executable(word, environment), let status = Files.status(path) else { continue }
      lines.append(describe(path, status))
    }
    #if os(macOS)
      // /usr/bin/cc only leads to one of these.
      let developer = "/Applications/Xcode.app/Contents/Developer/Toolchains/XcodeDefault.xctoolchain"
      for path in ["/Library/Developer/CommandLineTools/usr/bin/clang", developer + "/usr/bin/clang"] {
        if let status = Files.status(path) { lines.append(describe(path, status)) }
      }
    #endif
    return (lines + ["cpu \(Hash128(Machine.processorIdentity).hex)"]).joined(separator: "\n")
  }

  private static func describe(_ path: String, _ status: stat) -> String {
    var resolved = path
    if let real = realpath(path, nil) {
      resolved = String(cString: real)
      free(real)
    }
    return "\(path) \(resolved) \(status.st_size) \(status.modified.tv_sec).\(status.modified.tv_nsec)"
  }

  /// Finds the file that a shell would run for a name.
  private static func executable(_ name: String, _ environment: Environment) -> String? {
    let candidates =
      name.contains("/")
      ? [name] : environment.searchPath.split(separator: ":").map { "\($0)/\(name)" }
    return candidates.first { path in
      access(path, X_OK) == 0 && Files.status(path)?.kind == S_IFREG
    }
  }
}
