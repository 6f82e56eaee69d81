import Foundation
import Swiftlet

/// Watches what a process holds while it trains for long, and while shapes change all the time: memory and open handles
/// must stay as they are once everything has warmed up.
enum Soak {
  /// What a process holds.
  private struct Holdings {
    let residentBytes: Int
    let openFiles: Int
    let mappings: Int

    static func now() -> Holdings {
      let manager = FileManager.default
      let pages = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
      let maps = try? String(contentsOfFile: "/proc/self/maps", encoding: .utf8)
      return Holdings(
        residentBytes: (pages.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))),
        openFiles: (try? manager.contentsOfDirectory(atPath: "/proc/self/fd"))?.count ?? 0,
        mappings: maps?.utf8.count { $0 == UInt8(ascii: "\n") } ?? 0)
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

  private static func watch(_ name: String, count: Int, warmUp: Int, _ body: (Int) -> Void) -> Bool {
    var warm: Holdings?
    for turn in 1...count {
      body(turn)
      if turn == warmUp { warm = Holdings.now() }
      if turn % Swift.max(1, count / 10) == 0 {
        let now = Holdings.now()
        Output.line(
          "\(turn) \(name): \(now.residentBytes >> 10) KiB resident, \(now.openFiles) open files, "
            + "\(now.mappings) mappings")
      }
    }
    let now = Holdings.now()
    guard let warm else { return true }
    // The allocator's arenas and the tables of the runtime breathe a little.
    let isFlat =
      now.residentBytes <= warm.residentBytes + warm.residentBytes / 20 + (4 << 20) && now.openFiles <= warm.openFiles
      && now.mappings <= warm.mappings + warm.mappings / 20 + 16
    Output.line("\(name): \(isFlat ? "flat" : "GROWING") since \(warmUp)")
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
