import LazyOps
package import LazyScheduler
import Synchronization

/// The picture of what a program runs: the largest of the schedules it has made so far, in one file that is written
/// anew whenever one is added. Safe to use from many threads.
package final class ScheduleGallery: Sendable {
  private struct Entry {
    let schedule: Schedule
    /// Which of the program's schedules it is, from 1.
    let number: Int
    /// What makes one schedule larger than another.
    var size: (kernels: Int, nodes: Int) { (schedule.kernels.count, schedule.graph.nodes.count) }
  }

  private struct State {
    var entries: [Entry] = []
    var count = 0
    var hasFailed = false
  }

  private let path: String
  private let limit: Int
  private let state = Mutex(State())

  /// Creates a gallery in a file, of the `limit` largest schedules.
  package init(path: String, limit: Int = 8) {
    self.path = path
    self.limit = limit
  }

  /// Adds a schedule and writes the file, unless it is there already or smaller than all that are shown. Where the file
  /// cannot be written the user is warned once, and nothing is tried again: a picture must not stop a program.
  package func add(_ schedule: Schedule) {
    // The file is written under the lock, so that pictures appear in the order they are made.
    state.withLock { state in
      guard !state.hasFailed, !state.entries.contains(where: { $0.schedule.graph == schedule.graph }) else { return }
      state.count += 1
      state.entries.append(Entry(schedule: schedule, number: state.count))
      if state.entries.count > limit {
        // Of two of one size the earlier stays.
        let smallest = state.entries.indices.min { a, b in
          let (x, y) = (state.entries[a], state.entries[b])
          return x.size == y.size ? x.number > y.number : x.size < y.size
        }!
        let dropped = state.entries.remove(at: smallest)
        if dropped.number == state.count { return }
      }
      do {
        try DotFile.write(picture(state), to: path)
      } catch {
        state.hasFailed = true
        Warning.once("visualization", "\(error); VIZ asked for a picture there, and there will be none")
      }
    }
  }

  private func picture(_ state: borrowing State) -> String {
    let entries = state.entries
    let shown = entries.count < state.count ? "the \(entries.count) largest of \(state.count)" : "\(entries.count)"
    return Schedule.dot(
      entries.map { ("schedule \($0.number): \($0.schedule.summary)", $0.schedule) },
      title: "\(shown) schedule\(state.count == 1 ? "" : "s")")
  }

  /// The gallery that `VIZ` asks for.
  fileprivate static let current = Environment.current.visualizationPath.map { ScheduleGallery(path: $0) }
}

/// Adds a schedule to the picture that `VIZ=file.dot` asks for. Where it is not set, the schedule is not even made.
package func saveVisualization(_ schedule: @autoclosure () -> Schedule) {
  ScheduleGallery.current?.add(schedule())
}
