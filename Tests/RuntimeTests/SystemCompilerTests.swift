import Foundation
import LazyRuntime
import Testing

@Suite("System: the C compiler") struct SystemCompilerTests {
  private let directory = TemporaryDirectory()
  private var cache: KernelCache { KernelCache(directory: directory.path + "/cache") }

  private func environment(_ compiler: String) -> Environment {
    Environment(["CC": compiler, "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"])
  }

  /// A script that behaves as a compiler and notes each run in a file; `body` is more script.
  private func script(_ body: String) throws -> String {
    try directory.write("compiler", "#!/bin/sh\necho run >> \(directory.path)/runs\n\(body)\n", executable: true)
  }

  private var runCount: Int {
    (try? String(contentsOfFile: directory.path + "/runs", encoding: .utf8))?.split(separator: "\n").count ?? 0
  }

  @Test("units are compiled, loaded and called")
  func compiles() throws {
    let cache = cache
    let compiler = try CCompiler.find(environment("cc"), cache: cache)
    #expect([16, 32, 64].contains(compiler.vectorByteCount))
    #expect(compiler.flags.contains("-ffp-contract=off"))
    let units = try (1...3).map { number in
      // Powers and half types are there without any library on the command line.
      let text = """
        double pow(double, double);
        int triple\(number)(int x) { return 3 * x + \(number); }
        double cube(double x) { return pow(x, 3); }
        """
      return CCompiler.Unit(
        source: try cache.writeTemporary(text, suffix: ".c"), output: cache.temporaryPath(suffix: ".so"))
    }
    try compiler.compile(units)
    for (number, unit) in zip(1...3, units) {
      let path = try cache.insert(unit.output, for: "unit \(number)")
      let library = try SharedLibrary(path: path)
      let symbol = try #require(library.symbol("triple\(number)"))
      let triple = unsafeBitCast(symbol, to: (@convention(c) (CInt) -> CInt).self)
      #expect(triple(5) == 15 + CInt(number))
      let cube = unsafeBitCast(try #require(library.symbol("cube")), to: (@convention(c) (Double) -> Double).self)
      #expect(cube(2) == 8)
      #expect(library.symbol("no_such_function") == nil)
    }
    cache.removeTemporary(units.map(\.source))
    #expect(!exists(units[0].source))
  }

  @Test("what does not compile is an error with all that is needed to see it again")
  func failing() throws {
    let compiler = try CCompiler.find(environment("cc"), cache: cache)
    let bad = try directory.write("bad 1.c", "int f(void) { return undeclared_name; }\n")
    let good = try directory.write("good.c", "int g(void) { return 1; }\n")
    let outputs = ["\(directory.path)/good.so", "\(directory.path)/bad.so"]
    let error = #expect(throws: CompileError.self) {
      try compiler.compile([.init(source: good, output: outputs[0]), .init(source: bad, output: outputs[1])])
    }
    let text = error?.description ?? ""
    #expect(text.contains("failed with status 1"))
    #expect(text.contains("undeclared_name"))
    #expect(text.contains("'\(bad)' -o"), "the command can be pasted into a shell")
    #expect(text.contains("source kept in: \(bad)"))
    #expect(text.contains("DEVICE=INTERPRETER"))
    #expect(outputs.filter(exists) == [])
  }

  @Test("a compiler that is not there is named, and what to do", arguments: ["no-such-cc", "/no/such/cc -O2", " "])
  func missing(name: String) {
    let error = #expect(throws: CompileError.self) { try CCompiler.find(environment(name), cache: cache) }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("no C compiler: '\(name)'"))
    #expect(text.contains("install gcc or clang"))
  }

  @Test("a long complaint is cut, and a compiler that writes nothing is noticed")
  func strangeCompilers() throws {
    let noisy = try script("i=0; while [ $i -lt 100 ]; do echo line $i; i=$((i+1)); done; exit 7")
    let error = #expect(throws: CompileError.self) { try CCompiler.find(environment(noisy), cache: cache) }
    let text = error?.description ?? ""
    #expect(text.contains("failed with status 7"))
    #expect(text.contains("line 39\n") && !text.contains("line 40"))

    let idle = try CCompiler.find(environment(try script("exit 0")), cache: cache)
    let source = try directory.write("a.c", "")
    let silent = #expect(throws: CompileError.self) {
      try idle.compile([.init(source: source, output: directory.path + "/a.so")])
    }
    #expect(silent?.description.contains("ended without writing") == true)
  }

  @Test("a compiler is asked once, again when it changes or the answer is damaged")
  func probing() throws {
    let fake = try script("echo '#define __GNUC__ 4'; echo '#define __clang__ 1'; echo '#define __AVX2__ 1'")
    let first = try CCompiler.find(environment(fake), cache: cache)
    #expect(runCount == 1)
    let second = try CCompiler.find(environment(fake), cache: cache)
    #expect(runCount == 1)
    #expect(first.identity == second.identity)
    #expect(first.cacheKey(for: "text") == second.cacheKey(for: "text"))
    #expect(first.cacheKey(for: "text") != first.cacheKey(for: "test"))

    for name in try FileManager.default.contentsOfDirectory(atPath: cache.directory) where name.hasPrefix("cc-") {
      _ = try directory.write("cache/" + name, "64\n-funroll\n\nnonsense")
    }
    #expect(try CCompiler.find(environment(fake), cache: cache).flags == first.flags)
    #expect(runCount == 2)

    _ = try script("echo '#define __AVX__ 1'; echo '#define __AVX512F__ 1'; echo '#define __GNUC__ 12'")
    let changed = try CCompiler.find(environment(fake), cache: cache)
    #expect(runCount == 3)
    #expect(changed.identity != first.identity)
    #expect(changed.vectorByteCount == 64)
    #expect(changed.flags.contains("-fno-thread-jumps") && !first.flags.contains("-fno-thread-jumps"))
  }

  @Test("a compiler that wants -mcpu gets it")
  func processorFlag() throws {
    let fake = try script("case \"$*\" in *-march=native*) exit 1;; esac; echo '#define __ARM_NEON 1'")
    let compiler = try CCompiler.find(environment(fake + " -extra"), cache: cache)
    #expect(compiler.command == [fake, "-extra"])
    #expect(compiler.flags.contains("-mcpu=native") && !compiler.flags.contains("-march=native"))
    #expect(compiler.vectorByteCount == 16)
    #expect(runCount == 2)
  }

  @Test("what cannot be loaded is an error that names it")
  func loading() throws {
    let garbage = try directory.write("garbage.so", "this is not a library")
    for path in [garbage, directory.path + "/none.so"] {
      let error = #expect(throws: LoadError.self) { try SharedLibrary(path: path) }
      #expect(error?.description.hasPrefix("cannot load \(path)") == true)
    }
  }
}
