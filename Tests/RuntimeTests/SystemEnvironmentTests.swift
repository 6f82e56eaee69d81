import LazyRuntime
import Testing

@Suite("System: environment") struct SystemEnvironmentTests {
  /// Reads settings and the names of those it warned about.
  private func read(_ variables: [String: String]) -> (environment: Environment, warnings: [String]) {
    var warnings: [String] = []
    let environment = Environment(variables) { key, message in
      #expect(message.contains("\(key)=\(variables[key] ?? "")"), "a warning shows the value")
      warnings.append(key)
    }
    return (environment, warnings)
  }

  @Test("no variables at all give the defaults")
  func defaults() {
    for variables in [[:], ["DEBUG": "", "THREADS": "", "DEVICE": "", "CC": "", "VIZ": "", "VERIFY": ""]] {
      let (environment, warnings) = read(variables)
      #expect(environment.debug == 0)
      #expect(environment.threads == Machine.coreCount)
      #expect(!environment.verify && !environment.check && !environment.nanCheck)
      #expect(environment.device == .compiled)
      #expect(environment.compiler == "cc")
      #expect(environment.cacheDirectory == nil)
      #expect(environment.visualizationPath == nil)
      #expect(warnings.isEmpty)
    }
  }

  @Test("THREADS counts from 1 to 1024", arguments: [("1", 1), ("3", 3), ("1024", 1024)])
  func threads(text: String, count: Int) {
    let (environment, warnings) = read(["THREADS": text])
    #expect(environment.threads == count)
    #expect(warnings.isEmpty)
  }

  @Test("a wrong THREADS warns once", arguments: ["0", "-1", "many", "1025", "2.5", "99999999999999999999"])
  func wrongThreads(text: String) {
    let (environment, warnings) = read(["THREADS": text])
    #expect(environment.threads == Machine.coreCount)
    #expect(warnings == ["THREADS"])
  }

  @Test("DEBUG has levels", arguments: [("0", 0, false), ("3", 3, false), ("9", 4, false), ("x", 0, true)])
  func debug(text: String, level: Int, warns: Bool) {
    let (environment, warnings) = read(["DEBUG": text])
    #expect(environment.debug == level)
    #expect(warnings == (warns ? ["DEBUG"] : []))
  }

  @Test("switches are on unless they say no")
  func switches() {
    #expect(read(["VERIFY": "1"]).environment.verify)
    #expect(read(["CHECK": "yes"]).environment.check)
    #expect(read(["NAN_CHECK": "1"]).environment.nanCheck)
    #expect(!read(["VERIFY": "0"]).environment.verify)
    #expect(!read(["CHECK": "False"]).environment.check)
  }

  @Test("DEVICE names who computes")
  func device() {
    #expect(read(["DEVICE": "interpreter"]).environment.device == .interpreter)
    #expect(read(["DEVICE": "CPU"]).environment.device == .compiled)
    let (environment, warnings) = read(["DEVICE": "TPU"])
    #expect(environment.device == .compiled)
    #expect(warnings == ["DEVICE"])
  }

  @Test("the cache is where the most specific variable says")
  func cacheDirectory() {
    var variables = ["HOME": "/home/a", "XDG_CACHE_HOME": "/x", "SWIFTLET_CACHE": "/s"]
    #expect(read(variables).environment.cacheDirectory == "/s")
    variables["SWIFTLET_CACHE"] = "here"
    let relative = read(variables).environment.cacheDirectory ?? ""
    #expect(relative.hasPrefix("/") && relative.hasSuffix("/here"))
    variables["SWIFTLET_CACHE"] = nil
    #expect(read(variables).environment.cacheDirectory == "/x/swiftlet")
    variables["XDG_CACHE_HOME"] = "not/absolute"
    #expect(read(variables).environment.cacheDirectory?.hasPrefix("/home/a/") == true)
    variables["HOME"] = nil
    #expect(read(variables).environment.cacheDirectory == nil)
  }

  @Test("a warning is one line, once a process")
  func warnings() async throws {
    let result = try await #require(
      processExitsWith: .success, observing: [\.standardErrorContent]
    ) {
      for _ in 0..<3 { Warning.once("a", "first") }
      Warning.once("b", "second")
    }
    let lines = String(decoding: result.standardErrorContent, as: UTF8.self).split(separator: "\n")
    #expect(lines.filter { $0.hasPrefix("swiftlet: ") } == ["swiftlet: warning: first", "swiftlet: warning: second"])
  }

  @Test("the machine's texts are understood")
  func machine() {
    #expect(Machine.coreCount >= 1)
    #expect(Machine.memoryByteCount >= 1 << 28)
    #expect(!Machine.processorIdentity.isEmpty)
    #expect(Machine.boundCoreCount(inProcessStatus: "Name:\tx\nCpus_allowed:\tff,0000000f\nMems:\t1\n") == 12)
    #expect(Machine.boundCoreCount(inProcessStatus: "Name:\tx\n") == nil)
    #expect(Machine.quotaCoreCount(inControlGroup: "150000 100000\n") == 2)
    #expect(Machine.quotaCoreCount(inControlGroup: "max 100000\n") == nil)
    let text = "processor\t: 0\nmodel name\t: A\ncpu MHz\t: 1.5\nflags\t: fpu avx\n\nmodel name\t: B\n"
    #expect(Machine.identity(inProcessorInformation: text) == "model name\t: A\nflags\t: fpu avx")
  }
}
