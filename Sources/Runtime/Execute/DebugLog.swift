import LazyCodegen
import LazyOps
import LazyScheduler

/// What `DEBUG` asks to be told of each realize, on standard error.
///
/// 1: a line per realize. 2: each kernel's C as it is first used, and a line a run with time, GFLOP/s and GB/s.
/// 3: the schedule and the loop programs too. 4: the graph and the rules that simplified it too.
struct DebugLog {
  /// Whether there is anything to tell.
  static var isOn: Bool { Environment.current.debug > 0 }

  private let plan: ExecutablePlan
  private let start: UInt64
  private let level = Environment.current.debug

  init(_ plan: ExecutablePlan, since start: UInt64) {
    self.plan = plan
    self.start = start
  }

  /// Tells of one kernel's run, or nil where nobody wants to know.
  var observer: ((KernelLaunch, Double) -> Void)? {
    guard level >= 2 else { return nil }
    let peaks = MachinePeaks.current
    return { launch, seconds in DebugLog.print(DebugLog.line(launch, seconds, peaks)) }
  }

  /// Tells of the whole realize.
  func finish() {
    guard level >= 1 else { return }
    let milliseconds = Double(monotonicNanoseconds() - start) / 1e6
    let kernels = plan.launches.count
    let bytes = plan.schedule.memory.byteCount
    DebugLog.print(
      "realize: \(kernels) kernel\(kernels == 1 ? "" : "s"), \(plan.schedule.graph.nodes.count) nodes, "
        + "\(bytes) bytes of temporaries, \(DebugLog.fixed(milliseconds, 3)) ms")
  }

  /// Tells of the graph rules that fire, or nil where nobody wants to know.
  static var ruleTrace: ((String) -> Void)? {
    Environment.current.debug >= 4 ? { print("rule: \($0)") } : nil
  }

  /// Tells of a new plan: graph, schedule, loops and C, as the level asks.
  static func announce(_ plan: ExecutablePlan) {
    let level = Environment.current.debug
    if level >= 4 { print("graph:\n\(plan.schedule.graph)") }
    if level >= 3 { print("schedule:\n\(plan.schedule)") }
    for section in plan.launches.flatMap(\.sections) {
      if level >= 3 { print("\(section.program)") }
      if level >= 2 { print(section.source) }
    }
  }

  private static func line(_ launch: KernelLaunch, _ seconds: Double, _ peaks: MachinePeaks?) -> String {
    let sections = launch.sections
    let flops = sections.reduce(0) { $0 + $1.cost.flops }
    let bytes = sections.reduce(0) { $0 + $1.cost.bytes }
    let rate = { (count: Int) in
      fixed(Double(count) / Swift.max(seconds, 1e-9) / 1e9, 2).padding(to: 8, left: true)
    }
    let share = peaks.map { peaks in
      let (part, limit) = peaks.share(flops: flops, bytes: bytes, seconds: seconds)
      return " " + "\(Int((Swift.min(part, 99) * 100).rounded()))".padding(to: 4, left: true)
        + "% of \(limit.rawValue)".padding(to: 16)
    }
    let more = sections.count > 1 ? " and \(sections.count - 1) more" : ""
    let name = (sections[0].program.name + more).padding(to: 48)
    let time = fixed(seconds * 1e6, 1).padding(to: 10, left: true)
    let ops = sections.flatMap(\.program.comment).joined(separator: ", ")
    return "\(name) \(time) us \(rate(flops)) GFLOP/s \(rate(bytes)) GB/s\(share ?? "")  \(ops)"
  }

  /// A number with so many digits after the point, at least one.
  static func fixed(_ value: Double, _ digits: Int) -> String {
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = Int((abs(value) * scale).rounded())
    let whole = scaled / Int(scale)
    let rest = "\(scaled % Int(scale))"
    let zeros = String(repeating: "0", count: digits - rest.count)
    return "\(value < 0 ? "-" : "")\(whole).\(zeros)\(rest)"
  }

  /// Writes a line to standard error.
  private static func print(_ text: String) { StandardError.write(text + "\n") }
}

extension String {
  fileprivate func padding(to width: Int, left: Bool = false) -> String {
    let spaces = String(repeating: " ", count: Swift.max(0, width - count))
    return left ? spaces + self : self + spaces
  }
}
