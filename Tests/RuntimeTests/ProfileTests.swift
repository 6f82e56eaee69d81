import Foundation
import LazyOps
import LazyRuntime
import Testing

/// The timeline that `PROFILE` asks for, and the peaks that `DEBUG=2` compares kernels with.
@Suite struct ProfileTests {
  /// A span of a trace that was read back; times in nanoseconds.
  private struct Span {
    let name: String
    let category: String
    let thread: Int
    let start: Int
    let end: Int

    func contains(_ other: Span) -> Bool { start <= other.start && other.end <= end }
    func isApart(from other: Span) -> Bool { end <= other.start || other.end <= start }
  }

  /// What a trace's file has in it.
  private struct Timeline {
    var spans: [Span] = []
    /// The names of threads' rows.
    var rows: [Int: String] = [:]

    init(_ path: String) throws {
      let data = try Data(contentsOf: URL(fileURLWithPath: path))
      let events = try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
      for event in events {
        let (name, thread) = (try #require(event["name"] as? String), try #require(event["tid"] as? Int))
        if event["ph"] as? String == "M" {
          rows[thread] = (event["args"] as? [String: String])?["name"]
          continue
        }
        #expect(event["ph"] as? String == "X")
        let start = try #require(event["ts"] as? Double)
        let duration = try #require(event["dur"] as? Double)
        let nanoseconds = { (microseconds: Double) in Int((microseconds * 1000).rounded()) }
        spans.append(
          Span(
            name: name, category: try #require(event["cat"] as? String), thread: thread, start: nanoseconds(start),
            end: nanoseconds(start) + nanoseconds(duration)))
      }
    }
  }

  /// Computes, in a process of its own, something small and then something that threads share.
  private static func compute(cache: String, variables: [String: String]) {
    setenv("SWIFTLET_CACHE", cache, 1)
    for (name, value) in variables { setenv(name, value, 1) }
    let x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    guard x.matmul(x.T).relu().floats == [5, 11, 11, 25] else { exit(77) }
    let step = compiled { (x: Tensor) in (x * 2).sum() }
    let ones = Tensor(shape: [1 << 22], [Float](repeating: 1, count: 1 << 22))
    for _ in 0..<20 where step(ones).item != Double(1 << 23) { exit(77) }
  }

  @Test func aTraceShowsAllPhasesAndAllThreads() async throws {
    let directory = TemporaryDirectory()
    await #expect(processExitsWith: .success) { [path = directory.path as String] in
      ProfileTests.compute(cache: path + "/cache", variables: ["PROFILE": path + "/trace.json", "THREADS": "2"])
    }
    let timeline = try Timeline(directory.path + "/trace.json")
    let spans = timeline.spans
    #expect(Set(spans.map(\.category)) == ["realize", "schedule", "render", "compile", "load", "kernel"])
    #expect(spans.contains { $0.name == "captured realize" })

    let threads = Set(spans.map(\.thread))
    #expect(Set(timeline.rows.keys) == threads)
    #expect(threads.count >= 2)
    for thread in threads {
      let row = spans.filter { $0.thread == thread }
      #expect(row.contains { $0.category == "kernel" || $0.category == "render" })
      for (number, span) in row.enumerated() {
        for other in row[(number + 1)...] {
          #expect(span.isApart(from: other) || span.contains(other) || other.contains(span))
        }
      }
    }

    // All that is done is part of a realize, and the parts of one do not take longer than the whole.
    let realizes = spans.filter { $0.category == "realize" }
    #expect(spans.allSatisfy { span in realizes.contains { $0.contains(span) } })
    for realize in realizes {
      let phases = spans.filter { span in
        span.thread == realize.thread && realize.contains(span) && span.category != "realize"
          && !spans.contains { outer in
            outer.thread == span.thread && outer.category != "realize" && outer.contains(span)
              && outer.end - outer.start > span.end - span.start
          }
      }
      #expect(phases.reduce(0) { $0 + $1.end - $1.start } <= realize.end - realize.start)
    }
  }

  @Test func aTraceIsValidWhateverItsNamesAre() throws {
    let directory = TemporaryDirectory()
    let path = directory.path + "/trace.json"
    let empty = try #require(Trace(path: path))
    empty.close()
    #expect(try Timeline(path).spans.isEmpty)

    let trace = try #require(Trace(path: path))
    let inner = trace.span("outer \"1\" \\ \n\u{7}", .schedule) { trace.span("größer", .load) { 42 } }
    #expect(inner == 42)
    #expect(throws: CancellationError.self) {
      try trace.span("thrown", .compile) { throw CancellationError() }
    }
    trace.close()
    trace.span("too late", .kernel) {}
    trace.close()
    let spans = try Timeline(path).spans
    #expect(spans.map(\.name) == ["größer", "outer \"1\" \\   ", "thrown"])
    #expect(spans[1].contains(spans[0]))
    #expect(spans[2].start >= spans[1].end)
  }

  @Test func aLongTraceIsWrittenInParts() throws {
    let directory = TemporaryDirectory()
    let trace = try #require(Trace(path: directory.path + "/trace.json"))
    for number in 0..<70_000 { trace.span("\(number)", .kernel) {} }
    trace.close()
    let spans = try Timeline(directory.path + "/trace.json").spans
    #expect(spans.count == 70_000)
    #expect(spans.last?.name == "69999")
  }

  @Test(arguments: ["/nonexistent/trace.json", "/"])
  func aTraceThatCannotBeWrittenIsWarnedOfOnce(path: String) async throws {
    let directory = TemporaryDirectory()
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      [path = path as String, cache = directory.path as String] in
      ProfileTests.compute(cache: cache + "/cache", variables: ["PROFILE": path])
    }
    let warnings = FaultReport(result?.standardErrorContent).warnings
    try #require(warnings.count == 1)
    #expect(warnings[0].contains("cannot write \(path)") && warnings[0].contains("PROFILE"))
  }

  #if os(Linux)
    @Test func aTraceThatFillsTheDiskIsGivenUp() async throws {
      let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
        let trace = try #require(Trace(path: "/dev/full"))
        for _ in 0..<100_000 { trace.span("span", .kernel) {} }
        trace.close()
      }
      let warnings = FaultReport(result?.standardErrorContent).warnings
      try #require(warnings.count == 1)
      #expect(warnings[0].contains("cannot write /dev/full"))
    }
  #endif

  // MARK: - Peaks

  @Test func whatIsCloserToItsPeakBindsAKernel() {
    let peaks = MachinePeaks(flopRate: 100e9, readRate: 10e9)
    let product = peaks.share(flops: 50_000_000, bytes: 1_000_000, seconds: 1e-3)
    #expect(product == (0.5, .arithmetic))
    let copy = peaks.share(flops: 0, bytes: 12_000_000, seconds: 1e-3)
    #expect(copy == (1.2, .bandwidth))
  }

  @Test func peaksAreMeasuredOnceForAProcessorAndACountOfThreads() throws {
    let directory = TemporaryDirectory()
    let cache = KernelCache(directory: directory.path + "/cache")
    var measured = 0
    func peaks(threads: Int) -> MachinePeaks? {
      MachinePeaks.cached(in: cache, threads: threads) {
        measured += 1
        return MachinePeaks(flopRate: 1e11 / 3, readRate: Double(threads))
      }
    }
    #expect(peaks(threads: 1) == peaks(threads: 1))
    #expect(measured == 1)
    #expect(peaks(threads: 2)?.readRate == 2)
    #expect(measured == 2)
    // What is damaged is measured anew.
    for name in try FileManager.default.contentsOfDirectory(atPath: cache.directory) {
      _ = try directory.write("cache/" + name, "1\n2\n3\n")
    }
    #expect(peaks(threads: 1)?.readRate == 1)
    #expect(measured == 3)
    #expect(MachinePeaks.cached(in: cache, threads: 3) { nil } == nil)
  }

  @Test(arguments: [1, 2])
  func peaksAreMeasuredForLinesOfKernelsOnly(level: Int) async throws {
    let directory = TemporaryDirectory()
    let result = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
      [level = level as Int, path = directory.path as String] in
      ProfileTests.compute(cache: path + "/cache", variables: ["DEBUG": "\(level)"])
    }
    let lines = FaultReport(result?.standardErrorContent).text.split(separator: "\n").filter {
      $0.contains(" GFLOP/s ")
    }
    #expect(lines.isEmpty == (level < 2))
    #expect(lines.allSatisfy { $0.contains("% of arithmetic") || $0.contains("% of bandwidth") })
    let names = try FileManager.default.contentsOfDirectory(atPath: directory.path + "/cache")
    #expect(names.count { $0.hasPrefix("peaks-") } == (level < 2 ? 0 : 1))
  }
}
