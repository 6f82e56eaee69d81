import Foundation

/// The time of parts of a computation.
struct Phases {
  private var parts: [(name: String, nanoseconds: UInt64)] = []

  /// Times a part.
  @discardableResult
  mutating func time<Result>(_ name: String, _ body: () -> Result) -> Result {
    let start = Phases.now()
    let result = body()
    parts.append((name, Phases.now() - start))
    return result
  }

  /// Names the microseconds of each part, divided by `count`.
  func summary(over count: Int) -> String {
    func microseconds(_ nanoseconds: UInt64) -> String {
      let hundredths = nanoseconds / UInt64(count) / 10
      return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
    let total = parts.reduce(0) { $0 + $1.nanoseconds }
    let each = parts.map { "\($0.name) \(microseconds($0.nanoseconds))" }.joined(separator: ", ")
    return "\(microseconds(total)) us each (\(each))"
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}

/// Standard output, line by line: what has been measured is seen even if the next measurement fails.
enum Output {
  /// Writes a line at once.
  static func line(_ text: String) { FileHandle.standardOutput.write(Data((text + "\n").utf8)) }
}
