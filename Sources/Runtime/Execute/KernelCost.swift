import LazyOps
package import LazyScheduler

/// What one run of a kernel takes, counted from its stages.
package struct KernelCost: Hashable, Sendable {
  /// The arithmetic operations on floating-point numbers; a fused multiply-add counts as two.
  package var flops = 0
  /// The bytes of all buffers it touches, each counted once.
  package var bytes = 0
  /// The instructions executed, counted for one element at a time.
  package var instructions = 0

  /// Counts for `kernel`, one of `schedule`.
  package init(_ kernel: Kernel, in schedule: Schedule) {
    for stage in kernel.stages {
      let turns = stage.loops.reduce(kernel.gridPoints) { $0 * $1.extent }
      instructions += turns * (stage.steps.count + stage.results.count)
      for step in stage.steps {
        guard case .define(let value, let instruction) = step, stage.values[value].isFloatingPoint else { continue }
        switch instruction {
        case .unary, .binary: flops += turns
        case .constant, .argument, .index, .load, .select, .cast, .bitcast, .test: break
        }
      }
      for case .reduce(_, let value, _) in stage.results where stage.values[value].isFloatingPoint { flops += turns }
    }
    bytes = kernel.buffers.reduce(0) { $0 + schedule.buffers[$1].byteCount }
  }

  /// Below these many instructions a second thread costs more than it saves: less than a microsecond where it is
  /// awake, some fifty where it has to be woken.
  private static let worthSharing = (awake: 30_000, asleep: 500_000)

  /// Whether to share the kernel's tasks among the threads of a pool. It changes no result.
  package func isWorthSharing(on pool: ThreadPool) -> Bool {
    instructions > KernelCost.worthSharing.awake && (instructions > KernelCost.worthSharing.asleep || pool.isAwake)
  }
}
