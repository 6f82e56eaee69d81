import LazyOps
import LazyRuntime
import Synchronization
import Testing

/// Realizing without blocking the threads that tasks run on.
@Suite struct AsyncRealizeTests {
  @Test func tensorsAreComputed() async throws {
    let x = Tensor([1.0, 2.0])
    #expect(try await (x + 1).realized().floats == [2, 3])
    let both = try await Tensor.realized([x * 2, x * 3])
    #expect(both.allSatisfy { $0.isRealized })
    #expect(both.map(\.floats) == [[2, 4], [3, 6]])
    #expect(try await Tensor.realized([]).isEmpty)
  }

  @Test func errorsAreThrown() async {
    let row = Tensor.ones([4, 3]).take(Tensor([0, 7]))
    await #expect(throws: IndexOutOfRange.self) { try await row.realized() }
    // And again: a failure leaves nothing behind.
    await #expect(throws: IndexOutOfRange.self) { try await row.realized() }
  }

  /// Thousands of tasks wait at once, on a few threads, and each gets its own numbers.
  @Test func manyTasksShareFewThreads() async throws {
    let base = Tensor((0..<64).map { Float($0) })
    let sums = try await withThrowingTaskGroup(of: (Int, Double).self) { group in
      for task in 0..<2_000 {
        group.addTask { (task, try await (base * Tensor.argument(Double(task))).sum().realized().item) }
      }
      return try await group.reduce(into: [Int: Double]()) { $0[$1.0] = $1.1 }
    }
    for task in 0..<2_000 { #expect(sums[task] == Double(task * 2016)) }
    #expect(RealizeQueue.shared.startedThreadCount <= Machine.coreCount)
  }

  @Test func oneTensorFromManyTasksIsComputedOnce() async throws {
    let x = (Tensor((0..<100).map { Float($0) }) + 1).sum()
    let addresses = try await withThrowingTaskGroup(of: UInt.self) { group in
      for _ in 0..<50 {
        group.addTask { try await x.realized().withUnsafeBytes { UInt(bitPattern: $0.baseAddress) } }
      }
      return try await group.reduce(into: Set<UInt>()) { $0.insert($1) }
    }
    #expect(addresses.count == 1)
  }

  @Test func aCancelledTaskComputesNothing() async {
    let x = Tensor([1.0, 2.0]).exp()
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return try await x.realized()
    }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(!x.isRealized)
  }

  private final class Gate: Sendable {
    let hasBegun = Atomic(false)
    let mayEnd = Atomic(false)
    let runCount = Atomic(0)
  }

  /// Cancelled while it waits for its turn, a job is not begun; one that has begun is finished.
  @Test func cancellationWhileWaiting() async throws {
    let queue = RealizeQueue(threadLimit: 1)
    let gate = Gate()
    let running = Task {
      try await queue.run {
        gate.hasBegun.store(true, ordering: .sequentiallyConsistent)
        while !gate.mayEnd.load(ordering: .sequentiallyConsistent) {}
        gate.runCount.add(1, ordering: .sequentiallyConsistent)
      }
    }
    while !gate.hasBegun.load(ordering: .sequentiallyConsistent) { await Task.yield() }
    let waiting = Task { try await queue.run { gate.runCount.add(1, ordering: .sequentiallyConsistent) } }
    running.cancel()
    waiting.cancel()
    gate.mayEnd.store(true, ordering: .sequentiallyConsistent)
    try await running.value
    await #expect(throws: CancellationError.self) { try await waiting.value }
    try await queue.run { gate.runCount.add(10, ordering: .sequentiallyConsistent) }
    #expect(gate.runCount.load(ordering: .sequentiallyConsistent) == 11)
    #expect(queue.startedThreadCount == 1)
  }
}
