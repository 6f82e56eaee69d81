import Foundation
import LazyOps
import LazyRuntime
import Testing

/// A compiler that does not do its work is an error that says so, and the program goes on.
@Suite("Faults: the compiler") struct FaultCompilerTests {
  private let directory = TemporaryDirectory()
  private var cache: String { directory.path + "/cache" }

  @Test("one that hangs is stopped with all that it started", arguments: [true, false])
  func hanging(always: Bool) async throws {
    let hang = "(sleep 2; touch \(directory.path)/late) & sleep 100"
    let compiler =
      always ? try directory.write("compiler", "#!/bin/sh\n\(hang)\n", executable: true) : try directory.compiler(hang)
    let start = monotonicNanoseconds()
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      [cache = cache as String, compiler = compiler as String] in
      FaultProcess.prepare(cache: cache, compiler: compiler, seconds: 0.3)
      let x = Tensor([1.0, 2.0])
      let error = #expect(throws: CompileError.self) { try x.exp().tryRealize() }
      #expect(error?.description.contains("did not finish within 0.3 seconds") == true)
      #expect(error?.description.contains("SWIFTLET_CC_TIMEOUT") == true)
      #expect(x.floats == [1, 2])
    }
    #expect(FaultReport(result?.standardErrorContent).warnings == [])
    let seconds = Double(monotonicNanoseconds() - start) * 1e-9
    if seconds < 2.2 { usleep(UInt32((2.2 - seconds) * 1e6)) }
    #expect(!exists(directory.path + "/late"))
  }

  @Test("one that prints megabytes neither blocks nor fills the screen", arguments: [0, 3])
  func noisy(status: Int) async throws {
    let noise = "head -c 2000000 /dev/zero | tr '\\0' x >&2; yes line | head -n 300000"
    let compiler = try directory.compiler(status == 0 ? "\(noise); exec cc \"$@\"" : "\(noise); exit \(status)")
    await #expect(processExitsWith: .success) {
      [cache = cache as String, compiler = compiler as String, status = status as Int] in
      FaultProcess.prepare(cache: cache, compiler: compiler)
      if status == 0 { return FaultProcess.compute() }
      let error = #expect(throws: CompileError.self) { try Tensor([1.0, 2.0]).exp().tryRealize() }
      let text = error?.description ?? ""
      #expect(text.contains("failed with status \(status)") && text.contains("xxxx"))
      #expect(text.contains("more characters") && text.contains("more bytes"))
      #expect(text.utf8.count < 4096)
    }
  }

  @Test(
    "one that dies, writes nothing, or writes rubbish is an error, also the second time",
    arguments: ["kill -9 $$", "exit 0", "for last; do :; done; while [ $1 != -o ]; do shift; done; echo rubbish > $2"])
  func broken(script: String) async throws {
    let compiler = try directory.compiler(script)
    await #expect(processExitsWith: .success) { [cache = cache as String, compiler = compiler as String] in
      FaultProcess.prepare(cache: cache, compiler: compiler)
      for _ in 0..<2 {
        do {
          try Tensor([1.0, 2.0]).exp().tryRealize()
          exit(2)
        } catch is CompileError {
        } catch is LoadError {}
      }
      // What it wrote is no entry for those who come later.
      #expect(FaultProcess.entries(cache) == [])
    }
  }

  @Test("one that crashes over a kernel compiles it with fewer optimizations", arguments: [true, false])
  func crashing(always: Bool) async throws {
    let careful = always ? "" : "for flag; do [ $flag = -O1 ] && exec cc \"$@\"; done; "
    let compiler = try directory.compiler("\(careful)echo 'internal compiler error: in extract_insn' >&2; exit 1")
    await #expect(processExitsWith: .success) {
      [cache = cache as String, compiler = compiler as String, always = always as Bool] in
      FaultProcess.prepare(cache: cache, compiler: compiler)
      if !always { return FaultProcess.compute() }
      let error = #expect(throws: CompileError.self) { try Tensor([1.0, 2.0]).exp().tryRealize() }
      #expect(error?.description.contains("internal compiler error: in extract_insn") == true)
    }
  }

  @Test("one that vanishes is an error that names the command, and one that comes back is used")
  func vanishing() async throws {
    let compiler = try directory.compiler("exec cc \"$@\"")
    await #expect(processExitsWith: .success) { [cache = cache as String, compiler = compiler as String] in
      FaultProcess.prepare(cache: cache, compiler: compiler)
      FaultProcess.compute(0)
      rename(compiler, compiler + ".away")
      let error = #expect(throws: CompileError.self) { try Tensor([1.0, 2.0]).exp().tryRealize() }
      #expect(error?.description.contains("did not start: No such file or directory") == true)
      rename(compiler + ".away", compiler)
      FaultProcess.compute(1)
    }
  }
}
