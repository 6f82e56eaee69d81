import Foundation
import Swiftlet

/// Watches what a process holds while it trains for long, and while shapes change all the time: memory and open handles
/// must stay as they are once everything has warmed up.
enum Soak {
  /// What a process holds.
  private struct Holdings: CustomStringConvertible {
    var residentBytes = 0
    var openFiles = 0
    var mappings = 0

    var description: String { "\(residentBytes >> 10) KiB, \(openFiles) open files, \(mappings) mappings" }

    mutating func include(_ other: Holdings) {
      residentBytes = max(residentBytes, other.residentBytes)
      openFiles = max(openFiles, other.openFiles)
      mappings = max(mappings, other.mappings)
    }

    static func now() -> Holdings {
      // Such files have no size; they are read to their end.
      func bytes(_ path: String) -> Data { FileHandle(forReadingAtPath: path)?.readDataToEndOfFile() ?? Data() }
      let pages = String(decoding: bytes("/proc/self/statm"), as: UTF8.self).split(separator: " ")
      return Holdings(
        residentBytes: (pages.count > 1 ? Int(pages[1])! : 0) * Int(sysconf(Int32(_SC_PAGESIZE))),
        openFiles: (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count ?? 0,
        mappings: bytes("/proc/self/maps").count { $0 == UInt8(ascii: "\n") })
    }
  }

  /// Runs both and returns whether everything stayed flat.
  static func run(steps: Int, shapes: Int) -> Bool {
    let isFlat = [
      watch("training steps", count: steps, warmUp: steps / 5, trainingStep()),
      watch("different shapes", count: shapes, warmUp: shapes / 2, differentShape),
    ]
    return isFlat.allSatisfy { $0 }
  }

  /// Compares the most that is held after a warm-up with the most before: plans are dropped many at a time.
  private static func watch(_ name: String, count: Int, warmUp: Int, _ body: (Int) -> Void) -> Bool {
    var (warm, peak) = (Holdings(), Holdings())
    for turn in 1...count {
      body(turn)
      guard turn % 20 == 0 || turn == count else { continue }
      let now = Holdings.now()
      if turn <= warmUp { warm.include(now) } else { peak.include(now) }
      if turn % Swift.max(20, count / 10) == 0 { Output.line("\(turn) \(name): \(now)") }
    }
    // The allocator's arenas and the tables of the runtime breathe a little.
    let isFlat =
      peak.residentBytes <= warm.residentBytes + warm.residentBytes / 20 + (4 << 20) && peak.openFiles <= warm.openFiles
      && peak.mappings <= warm.mappings + warm.mappings / 20 + 16
    Output.line("\(name): at most \(warm) until \(warmUp), \(peak) after: \(isFlat ? "flat" : "GROWING")")
    return isFlat
  }

  private static func trainingStep() -> (Int) -> Void {
    let model = Sequential(Linear(32, 64), Function.relu, Linear(64, 10))
    let optimizer = Adam(model.parameters, learningRate: 1e-3)
    return { turn in
      let x = Tensor.uniform([16, 32], low: -1, high: 1)
      let target = Tensor(shape: [16], (0..<16).map { ($0 + turn) % 10 })
      let loss = model(x).crossEntropy(target)
      optimizer.step(loss)
      if turn % 100 == 0 { precondition(loss.item.isFinite) }
    }
  }

  private static func differentShape(_ turn: Int) {
    let x = Tensor.full([turn, 3], 0.5)
    precondition(abs((x.exp().sum(axis: 1) * 2).sum().item / Double(turn) - 6 * exp(0.5)) < 1e-3)
  }
}
