import LazyCodegen
package import LazyOps
import LazyScheduler
import Synchronization

/// Runs a plan, once or again and again: leaves are bound to storage, then `run` takes memory for the results and
/// launches the kernels in order.
///
/// One thread at a time uses a run; what it keeps from one time to the next are the tables of pointers, not the memory
/// they point to.
package final class PlanRun {
  /// The kernels that all runs of this process have launched so far.
  package static var kernelCount: Int { launchedKernels.load(ordering: .relaxed) }
  private static let launchedKernels = Atomic<Int>(0)

  package let plan: ExecutablePlan
  private let layout: LaunchLayout
  private let trace = Trace.current
  private let pointers: UnsafeMutablePointer<UnsafeMutableRawPointer>
  private let scalars: UnsafeMutablePointer<UInt64>
  /// What the pointers point to, by the schedule's numbers of the buffers; nil for temporaries and between runs.
  private var storages: [Storage?]
  /// Where the block of temporaries was the last time.
  private var temporaryBase: UnsafeMutableRawPointer?

  /// The number of kernels launched so far, by all runs.
  static let launchCount = Atomic(0)

  /// Creates a run whose leaves are yet to be bound.
  package init(_ plan: ExecutablePlan) {
    self.plan = plan
    layout = plan.layout
    pointers = .allocate(capacity: layout.pointerCount)
    scalars = .allocate(capacity: layout.scalarCount)
    storages = Array(repeating: nil, count: plan.schedule.buffers.count)
  }

  deinit {
    pointers.deallocate()
    scalars.deallocate()
  }

  /// Binds all leaves of the graph: `elements` gives the storage of the leaf at a position, `value` the scalar of one
  /// that is an argument.
  package func bind(elements: (Int) -> Storage?, value: (Int) -> Scalar?) {
    for (leaf, buffer) in layout.leaves {
      guard let storage = elements(leaf) else { preconditionFailure("bug: a leaf without elements") }
      Recording.requireElements(storage, plan.schedule.buffers[buffer].byteCount)
      bind(buffer, to: storage.base)
      storages[buffer] = storage
    }
    for (number, argument) in plan.schedule.arguments.enumerated() {
      guard let scalar = value(argument.leaf) else { preconditionFailure("bug: an argument without a value") }
      let value = scalar.cast(to: argument.dtype)
      let bits = argument.dtype.isFloatingPoint ? value.double.bitPattern : UInt64(bitPattern: value.int64)
      for place in layout.scalarPlaces[number] { scalars[place] = bits }
    }
  }

  /// Runs all kernels; `observe` is told of each launch and the seconds it took. Throws `OutOfMemory`.
  ///
  /// - Returns: whether every index read from a tensor was valid. Where one was not, kernels used another in its place
  ///   and the results are of no use; no leaf has been written over.
  package func run(observe: ((KernelLaunch, Double) -> Void)? = nil) throws -> Bool {
    for check in plan.schedule.indexChecks {
      guard let place = layout.scalarPlaces[check.argument].first else { continue }
      guard 0..<Int64(check.extent) ~= Int64(bitPattern: scalars[place]) else { return false }
    }
    let memory = plan.schedule.memory.byteCount
    let temporaries = memory == 0 ? nil : try StoragePool.shared.allocate(byteCount: memory)
    // What the pointers point to is held by this run and this block.
    defer { withExtendedLifetime((self, temporaries)) {} }
    if let temporaries, temporaries.base != temporaryBase {
      temporaryBase = temporaries.base
      for (buffer, offset) in layout.temporaries { bind(buffer, to: temporaries.base + offset) }
    }
    for (buffer, byteCount) in layout.outputs {
      let storage = try StoragePool.shared.allocate(byteCount: byteCount)
      bind(buffer, to: storage.base)
      storages[buffer] = storage
    }
    PlanRun.launchedKernels.wrappingAdd(layout.launches.count, ordering: .relaxed)
    var failure: Int32 = 0
    for (number, phases) in layout.launches.enumerated() {
      if number == plan.firstOverwrite, failure != 0 { return false }
      let start = observe == nil && trace == nil ? 0 : monotonicNanoseconds()
      for phase in phases { launch(layout.phases[phase], &failure) }
      if let trace { record(plan.launches[number], from: start, in: trace) }
      observe?(plan.launches[number], Double(monotonicNanoseconds() - start) * 1e-9)
    }
    PlanRun.launchCount.wrappingAdd(layout.launches.count, ordering: .relaxed)
    return failure == 0
  }

  /// The storage of the graph's output at `position`, once the kernels have run.
  package func storage(ofOutput position: Int) -> Storage {
    storages[plan.schedule.memory.homes[plan.schedule.outputs[position]]]!
  }

  /// Lets go of all storage; the next run begins by binding leaves.
  package func release() {
    for number in storages.indices { storages[number] = nil }
  }

  private func bind(_ buffer: Int, to base: UnsafeMutableRawPointer) {
    for place in layout.pointerPlaces[buffer] { pointers[place] = base }
  }

  /// Records a whole launch, and what it did in all.
  private func record(_ launch: KernelLaunch, from start: UInt64, in trace: Trace) {
    let sections = launch.sections
    let more = sections.count > 1 ? " and \(sections.count - 1) more" : ""
    trace.add(
      sections[0].program.name + more, .kernel, from: start,
      details: [
        ("flops", sections.reduce(0) { $0 + $1.cost.flops }), ("bytes", sections.reduce(0) { $0 + $1.cost.bytes }),
      ])
  }

  private func launch(_ phase: LaunchLayout.Phase, _ failure: UnsafeMutablePointer<Int32>) {
    let pool = ThreadPool.shared
    guard phase.chunks.count > 1, pool.threadCount > 1, KernelCost.isWorthSharing(phase.instructions, on: pool) else {
      for number in phase.calls {
        let call = layout.calls[number]
        call.function(pointers + call.firstPointer, scalars + call.firstScalar, 0, call.tasks, failure)
      }
      return
    }
    nonisolated(unsafe) let (pointers, scalars, failure) = (pointers, scalars, failure)
    pool.run(chunks: phase.chunks.count) { [layout, trace] number in
      let chunk = layout.chunks[phase.chunks.lowerBound + number]
      let call = layout.calls[chunk.call]
      let start = trace == nil ? 0 : monotonicNanoseconds()
      defer { trace?.add(layout.names[chunk.call], .kernel, from: start) }
      call.function(
        pointers + call.firstPointer, scalars + call.firstScalar, chunk.tasks.lowerBound, chunk.tasks.upperBound,
        failure)
    }
  }
}
