import LazyOps
package import LazyScheduler

/// What one run of a section takes, counted from its stages.
package struct KernelCost: Hashable, Sendable {
  /// The arithmetic operations on floating-point numbers; a fused multiply-add counts as two.
  package var flops = 0
  /// The bytes it touches of all buffers, each counted once, or twice where it is read and then overwritten.
  package var bytes = 0
  /// The instructions executed, counted for one element at a time.
  package var instructions = 0

  /// Counts for `section`, a part of `schedule`.
  package init(_ section: Section, in schedule: Schedule) {
    instructions = section.instructionCount
    for stage in section.stages {
      let turns = section.turns(of: stage)
      for step in stage.steps {
        guard case .define(let value, let instruction) = step, stage.values[value].isFloatingPoint else { continue }
        switch instruction {
        case .unary, .binary: flops += turns
        case .constant, .argument, .index, .load, .select, .cast, .bitcast, .test: break
        }
      }
      for case .reduce(_, let value, _) in stage.results where stage.values[value].isFloatingPoint { flops += turns }
    }
    for (position, number) in section.buffers.enumerated() {
      let buffer = schedule.buffers[number]
      let (read, written) = section.accesses(toBuffer: position)
      let bytes = { (count: Int) in Swift.min(count * buffer.dtype.byteCount, buffer.byteCount) }
      self.bytes += bytes(written) + (written == 0 || buffer.over != nil ? bytes(read) : 0)
    }
  }

  /// Below these many instructions a second thread costs more than it saves: less than a microsecond where it is
  /// awake, some fifty where it has to be woken.
  private static let worthSharing = (awake: 30_000, asleep: 500_000)

  /// Whether to share so many instructions among the threads of a pool. It changes no result.
  package static func isWorthSharing(_ instructions: Int, on pool: ThreadPool) -> Bool {
    instructions > worthSharing.awake && (instructions > worthSharing.asleep || pool.isAwake)
  }
}

extension Section {
  /// How many times the section reads and writes elements of its buffer at `position`.
  fileprivate func accesses(toBuffer position: Int) -> (read: Int, written: Int) {
    var count = (read: 0, written: 0)
    for stage in stages {
      for case .define(_, .load(.buffer(position, _), _)) in stage.steps { count.read += turns(of: stage) }
      for result in stage.results {
        guard case .buffer(position, _) = result.place else { continue }
        // A reduction stores once for each of its spatial indices.
        let repeats = if case .reduce = result { stage.reduced.reduce(1) { $0 * $1.extent } } else { 1 }
        count.written += turns(of: stage) / Swift.max(repeats, 1)
      }
    }
    return count
  }
}
