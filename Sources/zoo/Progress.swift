import Foundation

/// A bar on standard error that tells how far a run is and how long it will take; silent where that is no terminal.
struct Progress {
  private let total: Int
  private let start = ContinuousClock.now
  private let isShown = isatty(2) == 1
  private var done = 0
  private var lastShown = ContinuousClock.now

  /// Starts a run of `total` steps.
  init(total: Int) { self.total = total }

  /// Counts a step, and draws the bar if the last drawing is a while ago. `label` says what is being done.
  mutating func advance(_ label: @autoclosure () -> String) {
    done += 1
    guard isShown, done % 16 == 0 || done == total else { return }
    let now = ContinuousClock.now
    guard now - lastShown > .milliseconds(100) else { return }
    lastShown = now
    let fraction = Double(done) / Double(max(total, 1))
    let left = (now - start) / .seconds(1) * (1 / fraction - 1)
    let filled = Int(fraction * 30)
    let bar = String(repeating: "=", count: filled) + String(repeating: " ", count: 30 - filled)
    standardError("\r\u{1B}[K\(label()) [\(bar)] \(Int(fraction * 100))%, \(Progress.text(seconds: left)) left")
  }

  /// Takes the bar away, so that a line can be printed.
  func clear() {
    if isShown { standardError("\r\u{1B}[K") }
  }

  private static func text(seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    return whole < 60 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
  }
}
