import Foundation
import Synchronization

/// A directory for one test, removed with the object.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    path = FileManager.default.temporaryDirectory.path + "/system-tests-" + UUID().uuidString
    try? FileManager.default.createDirectory(
      atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file and returns its path.
  func write(_ name: String, _ bytes: [UInt8], executable: Bool = false) throws -> String {
    let file = path + "/" + name
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    if executable { try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file) }
    return file
  }

  func write(_ name: String, _ text: String, executable: Bool = false) throws -> String {
    try write(name, Array(text.utf8), executable: executable)
  }

  func setAge(_ file: String, seconds: Double) throws {
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: file)
  }

  func age(_ file: String) throws -> Double {
    let date = try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date
    return date.map { -$0.timeIntervalSinceNow } ?? .nan
  }
}

func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

/// Runs `body` on that many threads at once, and waits for them.
func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let done = DispatchSemaphore(value: 0)
  for index in 0..<count {
    Thread.detachNewThread {
      body(index)
      done.signal()
    }
  }
  for _ in 0..<count { done.wait() }
}

/// Collects what happens on several threads.
final class Log<Entry: Sendable>: Sendable {
  private let stored = Mutex<[Entry]>([])
  var entries: [Entry] { stored.withLock { $0 } }
  func append(_ entry: Entry) { stored.withLock { $0.append(entry) } }
}
