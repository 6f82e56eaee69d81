import Foundation
import LazyOps
import LazyRuntime
import Testing

/// What the tests of faults do in processes of their own, where the cache and the compiler can be chosen.
enum FaultProcess {
  /// Chooses cache and compiler, and the compiler's time limit in seconds, before anything is computed.
  static func prepare(cache: String, compiler: String = "cc", seconds: Double = 60) {
    setenv("SWIFTLET_CACHE", cache, 1)
    setenv("CC", compiler, 1)
    setenv("SWIFTLET_CC_TIMEOUT", "\(seconds)", 1)
  }

  /// Computes something that no process has computed before for another `number`, in two schedules, and ends the
  /// process if it is wrong.
  static func compute(_ number: Int = 0) {
    let x = Tensor([[1.0, 2.0], [3.0, 4.0]])
    let y = x.matmul(x.T).relu() + Double(number)
    guard y.floats == [5, 11, 11, 25].map({ $0 + Float(number) }), (y * 2).sum().item == Double(104 + 8 * number)
    else { exit(77) }
  }

  /// The entries in a cache.
  static func entries(_ cache: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []).filter { $0.hasSuffix(".so") }.sorted()
      .map { cache + "/" + $0 }
  }
}

/// What a process of a fault test wrote to standard error.
struct FaultReport {
  let text: String
  /// The lines that begin a warning.
  var warnings: [Substring] { text.split(separator: "\n").filter { $0.hasPrefix("swiftlet: warning: ") } }

  init(_ bytes: [UInt8]?) { text = String(decoding: bytes ?? [], as: UTF8.self) }
}

extension TemporaryDirectory {
  /// A compiler that answers what it is asked about itself, and then does what `body` says: a shell script in which
  /// `"$@"` are the arguments.
  func compiler(_ body: String) throws -> String {
    let script = "#!/bin/sh\ncase \"$*\" in *-dM*) exec cc \"$@\";; esac\n\(body)\n"
    return try write("compiler", script, executable: true)
  }
}
