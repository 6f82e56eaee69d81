import Foundation
import LazyRuntime
import Testing

@Suite("System: child processes") struct SystemChildProcessTests {
  private func shell(_ script: String, limit: Duration = .seconds(20)) throws -> ChildProcess.Completion {
    try ChildProcess.run(["sh", "-c", script], timeLimit: limit)
  }

  @Test("status, signal and both outputs come back")
  func outcomes() throws {
    let failed = try shell("echo out; echo err >&2; exit 3")
    #expect(failed.outcome == .exited(3))
    #expect(failed.output == "out\nerr\n")
    #expect(failed.droppedByteCount == 0)
    #expect(try shell("kill -9 $$").outcome == .signaled(9))
    #expect(try ChildProcess.run(["true"]).outcome == .exited(0))
  }

  @Test("a program that is not there is an error that names it")
  func missing() {
    let error = #expect(throws: SpawnError.self) { try ChildProcess.run(["/no/such/program"]) }
    #expect(error?.description == "cannot start /no/such/program: No such file or directory")
    #expect(throws: SpawnError.self) { try ChildProcess.run([]) }
  }

  @Test("standard input is empty and this process's files are not inherited")
  func inherits() throws {
    #expect(try ChildProcess.run(["cat"], timeLimit: .seconds(20)).outcome == .exited(0))
    let file = open("/dev/null", O_RDONLY)
    let stray = fcntl(file, F_DUPFD, 77)
    defer {
      close(file)
      close(stray)
    }
    #expect(try shell("test -e /dev/fd/\(stray)").outcome == .exited(1))
    #expect(try shell("test -e /dev/fd/2").outcome == .exited(0))
  }

  @Test("megabytes of output do not block, and only the beginning is kept")
  func muchOutput() throws {
    let result = try shell("echo begin; head -c 3000000 /dev/zero | tr '\\0' x; exit 5")
    #expect(result.outcome == .exited(5))
    #expect(result.output.utf8.count == 65536)
    #expect(result.output.hasPrefix("begin\nxxx"))
    #expect(result.droppedByteCount == 3_000_006 - 65536)
  }

  @Test("the time limit ends the program and what it started")
  func timeLimit() throws {
    let directory = TemporaryDirectory()
    let start = monotonicNanoseconds()
    let result = try shell(
      "echo first; (sleep 1; touch \(directory.path)/late) & sleep 30", limit: .milliseconds(150))
    #expect(result.outcome == .timedOut)
    #expect(result.output == "first\n")
    #expect(monotonicNanoseconds() - start < 10_000_000_000)
    usleep(1_100_000)
    #expect(!exists(directory.path + "/late"))
  }

  @Test("neither an output closed early nor one held open by others confuses the end")
  func pipesAndEnds() throws {
    #expect(try shell("exec >&- 2>&-; sleep 0.1; exit 4").outcome == .exited(4))
    let start = monotonicNanoseconds()
    let held = try shell("sleep 8 & echo done")
    #expect(held.outcome == .exited(0))
    #expect(held.output == "done\n")
    #expect(monotonicNanoseconds() - start < 6_000_000_000)
  }

  @Test("programs run side by side and answer in order")
  func sideBySide() throws {
    let start = monotonicNanoseconds()
    let results = ChildProcess.runAll((0..<6).map { ["sh", "-c", "sleep 0.5; echo \($0)"] }, width: 6)
    #expect(try results.map { try $0.get().output } == (0..<6).map { "\($0)\n" })
    #expect(monotonicNanoseconds() - start < 2_500_000_000, "six sleeps of 0.5 s take 3 s one after another")

    let mixed = ChildProcess.runAll([["true"], ["/no/such/program"], ["false"]], width: 1)
    #expect(try mixed[0].get().outcome == .exited(0))
    #expect(throws: SpawnError.self) { try mixed[1].get() }
    #expect(try mixed[2].get().outcome == .exited(1))

    let children = try (0..<3).map { try ChildProcess(["sh", "-c", "exit \($0)"]) }
    #expect(ChildProcess.wait(for: children).map(\.outcome) == [.exited(0), .exited(1), .exited(2)])
  }

  @Test("letting go of a running program ends it")
  func abandoned() throws {
    let directory = TemporaryDirectory()
    _ = try ChildProcess(["sh", "-c", "sleep 0.5; touch \(directory.path)/late"])
    usleep(700_000)
    #expect(!exists(directory.path + "/late"))
  }

  @Test("several threads may start programs at once")
  func manyStarters() {
    let log = Log<String>()
    onThreads(4) { thread in
      for _ in 0..<4 {
        let result = try? ChildProcess.run(["sh", "-c", "echo \(thread)"], timeLimit: .seconds(20))
        log.append(result?.output == "\(thread)\n" ? "" : "\(thread): \(String(describing: result))")
      }
    }
    #expect(log.entries == [String](repeating: "", count: 16))
  }
}
