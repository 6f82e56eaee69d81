import LazyOps
package import LazyScheduler

/// What one run of a section takes, counted from its stages.
package struct KernelCost: Hashable, Sendable {
  /// The arithmetic operations on floating-point numbers; a fused multiply-add counts as two.
  package var flops = 0
  /// The bytes of all buffers it touches, each counted once.
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
    bytes = section.buffers.reduce(0) { $0 + schedule.buffers[$1].byteCount }
  }

  /// Below these many instructions a second thread costs more than it saves: less than a microsecond where it is
  /// awake, some fifty where it has to be woken.
  private static let worthSharing = (awake: 30_000, asleep: 500_000)

  /// Whether to share so many instructions among the threads of a pool. It changes no result.
  package static func isWorthSharing(_ instructions: Int, on pool: ThreadPool) -> Bool {
    instructions > worthSharing.awake && (instructions > worthSharing.asleep || pool.isAwake)
  }
}
