package import LazyOps
import LazyScheduler

/// One run of a plan: binds leaves to storage, runs the kernels in order, and hands out the outputs' storage.
package struct PlanRun {
  let plan: ExecutablePlan
  private var pointers: [UnsafeMutableRawPointer]
  private var scalars: [UInt64]
  private var storages: [Int: Storage] = [:]
  private let temporaries: Storage

  /// Prepares a run on the leaves of the graph, in their order. Throws `OutOfMemory`.
  package init(_ plan: ExecutablePlan, leaves: [Node]) throws {
    self.plan = plan
    let schedule = plan.schedule
    temporaries = try StoragePool.shared.allocate(byteCount: schedule.memory.byteCount)
    pointers = []
    pointers.reserveCapacity(schedule.buffers.count)
    for (number, buffer) in schedule.buffers.enumerated() {
      switch buffer.kind {
      case .leaf(let leaf):
        guard let storage = leaves[leaf].storage else { preconditionFailure("bug: a leaf without elements") }
        storages[number] = storage
        pointers.append(storage.base)
      case .output:
        let storage = try StoragePool.shared.allocate(byteCount: buffer.byteCount)
        storages[number] = storage
        pointers.append(storage.base)
      case .temporary:
        pointers.append(temporaries.base + (schedule.memory.offsets[number] ?? 0))
      }
    }
    scalars = schedule.arguments.map { argument in
      guard let scalar = leaves[argument.leaf].argument else { preconditionFailure("bug: an argument without a value") }
      let value = scalar.cast(to: argument.dtype)
      return argument.dtype.isFloatingPoint ? value.double.bitPattern : UInt64(bitPattern: value.int64)
    }
  }

  /// The storage of the graph's output at `position`, once the kernels have run.
  package func storage(ofOutput position: Int) -> Storage { storages[plan.schedule.outputs[position]]! }

  /// Runs all kernels; `observe` is told of each launch and the seconds it took.
  ///
  /// - Returns: whether every index read from a tensor was valid. Where one was not, kernels used another in its place
  ///   and the results are of no use.
  package func run(observe: ((KernelLaunch, Double) -> Void)? = nil) -> Bool {
    // What the pointers point to is held by this run.
    defer { withExtendedLifetime(self) {} }
    var failure: Int32 = 0
    for launch in plan.launches {
      guard let observe else {
        self.launch(launch, failure: &failure)
        continue
      }
      let start = monotonicNanoseconds()
      self.launch(launch, failure: &failure)
      observe(launch, Double(monotonicNanoseconds() - start) * 1e-9)
    }
    return failure == 0
  }

  private func launch(_ launch: KernelLaunch, failure: inout Int32) {
    withUnsafeMutablePointer(to: &failure) { failure in
      for phase in launch.phases { run(phase, failure) }
    }
  }

  private func run(_ phase: LaunchPhase, _ failure: UnsafeMutablePointer<Int32>) {
    let pool = ThreadPool.shared
    guard phase.chunks.count > 1, pool.threadCount > 1, KernelCost.isWorthSharing(phase.instructions, on: pool) else {
      for section in phase.sections { call(section, 0..<section.tasks, failure) }
      return
    }
    nonisolated(unsafe) let failure = failure
    pool.run(chunks: phase.chunks.count) { number in
      let chunk = phase.chunks[number]
      call(phase.sections[chunk.section], chunk.tasks, failure)
    }
  }

  /// Calls a section's function for some of its tasks.
  private func call(_ section: SectionCall, _ tasks: Range<Int>, _ failure: UnsafeMutablePointer<Int32>) {
    withUnsafeTemporaryAllocation(of: UnsafeMutableRawPointer.self, capacity: section.buffers.count + 1) { buffers in
      for (position, number) in section.buffers.enumerated() {
        buffers.initializeElement(at: position, to: pointers[number])
      }
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: section.arguments.count + 1) { arguments in
        for (position, argument) in section.arguments.enumerated() {
          arguments.initializeElement(at: position, to: scalars[argument])
        }
        section.function(
          UnsafePointer(buffers.baseAddress!), UnsafePointer(arguments.baseAddress!), tasks.lowerBound,
          tasks.upperBound, failure)
      }
    }
  }
}
