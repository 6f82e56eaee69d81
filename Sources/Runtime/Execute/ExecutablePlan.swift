package import LazyCodegen
package import LazyScheduler

/// A schedule whose kernels are loaded: all that a run needs but the numbers.
package struct ExecutablePlan: Sendable {
  package let schedule: Schedule
  /// One launch for each kernel of the schedule, in order.
  package let launches: [KernelLaunch]
  /// The same launches as they are run.
  package let layout: LaunchLayout
  /// The first launch that writes over a leaf's memory; by then all indices have been checked.
  package let firstOverwrite: Int

  /// Creates the plan of a schedule from its kernels, loaded.
  package init(schedule: Schedule, launches: [KernelLaunch]) {
    (self.schedule, self.launches) = (schedule, launches)
    layout = LaunchLayout(schedule, launches)
    firstOverwrite = schedule.firstOverwrite
  }
}

/// The C function of a section: the buffers, the scalar arguments, the range of tasks to do, and a word that takes the
/// code of a failed check.
package typealias KernelFunction =
  @convention(c) (
    UnsafePointer<UnsafeMutableRawPointer>, UnsafePointer<UInt64>, Int, Int, UnsafeMutablePointer<Int32>
  ) -> Void

/// A kernel ready to run.
package struct KernelLaunch: Sendable {
  /// The phases, one after the other.
  package let phases: [LaunchPhase]

  /// The sections of all phases, in order.
  package var sections: [SectionCall] { phases.flatMap(\.sections) }
}

/// A section ready to run.
package struct SectionCall: Sendable {
  /// The section as loops, from which its C was written.
  package let program: LoopProgram
  /// The C function's text.
  package let source: String
  package let code: LoadedKernel
  /// The schedule's numbers of the buffers it takes.
  package let buffers: [Int]
  /// The schedule's numbers of the scalars it takes.
  package let arguments: [Int]
  /// The turns of its parallel loop, which threads share; 1 where it has none.
  package let tasks: Int
  /// What one run costs, to judge whether more threads pay and to print rates.
  package let cost: KernelCost
}

/// Sections that run side by side, and how threads share them.
package struct LaunchPhase: Sendable {
  package let sections: [SectionCall]
  /// The instructions of all sections.
  package let instructions: Int
  /// What threads take in turn: tasks of one section. Each costs about the same.
  package let chunks: [Chunk]

  /// Tasks of one section.
  package struct Chunk: Sendable {
    let section: Int
    let tasks: Range<Int>
  }

  /// The pieces each thread takes, so that uneven ones even out.
  private static let chunksPerThread = 4

  /// Cuts the sections' tasks into chunks for `threads` threads. No result depends on how.
  package init(_ sections: [SectionCall], threads: Int) {
    self.sections = sections
    let instructions = sections.reduce(0) { $0 + $1.cost.instructions }
    self.instructions = instructions
    let wanted = threads * LaunchPhase.chunksPerThread
    chunks = sections.enumerated().flatMap { number, section -> [Chunk] in
      let share = Double(section.cost.instructions) / Double(Swift.max(instructions, 1)) * Double(wanted)
      let count = Swift.max(1, Swift.min(section.tasks, Int(share.rounded(.up))))
      return (0..<count).map { chunk in
        Chunk(section: number, tasks: section.tasks * chunk / count..<section.tasks * (chunk + 1) / count)
      }
    }
  }
}
