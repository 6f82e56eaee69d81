package import LazyCodegen
package import LazyScheduler

/// A schedule whose kernels are loaded: all that a run needs but the numbers.
package struct ExecutablePlan: Sendable {
  package let schedule: Schedule
  /// One launch for each kernel of the schedule, in order.
  package let launches: [KernelLaunch]
}

/// The C function of a kernel: the buffers, the scalar arguments, the range of tasks to do, and a word that takes the
/// code of a failed check.
package typealias KernelFunction =
  @convention(c) (
    UnsafePointer<UnsafeMutableRawPointer>, UnsafePointer<UInt64>, Int, Int, UnsafeMutablePointer<Int32>
  ) -> Void

/// A kernel ready to run.
package struct KernelLaunch: Sendable {
  /// The kernel as loops, from which its C was written.
  package let program: LoopProgram
  /// The C function's text.
  package let source: String
  package let function: KernelFunction
  /// The schedule's numbers of the buffers it takes.
  package let buffers: [Int]
  /// The schedule's numbers of the scalars it takes.
  package let arguments: [Int]
  /// The turns of its parallel loop, which threads share; 1 where it has none.
  package let tasks: Int
  /// What one run costs, to judge whether more threads pay and to print rates.
  package let cost: KernelCost
}
