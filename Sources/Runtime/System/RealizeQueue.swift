import LazyOps
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Threads of our own for work that tasks wait for: Swift's cooperative threads, of which there is one a core, stay free.
///
/// There are no more threads than cores; they are started as work comes, and sleep when there is none.
package final class RealizeQueue: @unchecked Sendable {
  /// The process's queue.
  package static let shared = RealizeQueue(threadLimit: Machine.coreCount)

  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let offered = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let threadLimit: Int
  // Under the lock.
  private var jobs: [Job] = []
  /// How many of `jobs` are taken; they are dropped many at once.
  private var takenCount = 0
  private var threadCount = 0
  private var idleCount = 0

  /// Work, and whether nobody waits for it any more.
  private final class Job: Sendable {
    let isCancelled = Atomic(false)
    let work: @Sendable (_ isCancelled: Bool) -> Void
    init(_ work: @escaping @Sendable (_ isCancelled: Bool) -> Void) { self.work = work }
  }

  /// Creates a queue of its own with at most so many threads.
  package init(threadLimit: Int) {
    self.threadLimit = threadLimit
    pthread_mutex_init(lock, nil)
    pthread_cond_init(offered, nil)
  }

  /// How many threads there are now.
  package var startedThreadCount: Int {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return threadCount
  }

  /// Suspends the task until `work` has been done by one of the threads; throws what it throws, or `CancellationError` if
  /// the task was cancelled before it began.
  package func run(_ work: @escaping @Sendable () throws -> Void) async throws {
    let cancellation = Cancellation()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let job = Job { isCancelled in
          continuation.resume(with: Result { if isCancelled { throw CancellationError() } else { try work() } })
        }
        cancellation.watch(job)
        submit(job)
      }
    } onCancel: {
      cancellation.cancel()
    }
  }

  /// Passes a cancellation on to the job, whichever comes first.
  private final class Cancellation: Sendable {
    private let state = Mutex<(job: Job?, isCancelled: Bool)>((nil, false))

    func watch(_ job: Job) {
      let isCancelled = state.withLock { state in
        state.job = job
        return state.isCancelled
      }
      if isCancelled { job.isCancelled.store(true, ordering: .relaxed) }
    }

    func cancel() {
      let job = state.withLock { state in
        state.isCancelled = true
        return state.job
      }
      job?.isCancelled.store(true, ordering: .relaxed)
    }
  }

  private func submit(_ job: Job) {
    pthread_mutex_lock(lock)
    jobs.append(job)
    let needsThread = idleCount < jobs.count - takenCount && threadCount < threadLimit
    if needsThread { threadCount += 1 }
    pthread_mutex_unlock(lock)
    pthread_cond_signal(offered)
    guard needsThread, !startThread() else { return }
    // Without a thread of its own the work is done here: late is better than never.
    pthread_mutex_lock(lock)
    threadCount -= 1
    let isServed = threadCount > 0
    pthread_mutex_unlock(lock)
    if !isServed { while let job = take(waiting: false) { finish(job) } }
  }

  private func finish(_ job: Job) { job.work(job.isCancelled.load(ordering: .relaxed)) }

  /// Takes the job that has waited longest; where there is none, waits or returns nil.
  private func take(waiting: Bool) -> Job? {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    while takenCount == jobs.count {
      guard waiting else { return nil }
      idleCount += 1
      pthread_cond_wait(offered, lock)
      idleCount -= 1
    }
    let job = jobs[takenCount]
    takenCount += 1
    if 2 * takenCount >= jobs.count {
      jobs.removeFirst(takenCount)
      takenCount = 0
    }
    return job
  }

  /// A thread's life.
  fileprivate func serve() { while let job = take(waiting: true) { finish(job) } }

  private func startThread() -> Bool {
    let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
    defer { attributes.deallocate() }
    pthread_attr_init(attributes)
    defer { pthread_attr_destroy(attributes) }
    pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
    pthread_attr_setstacksize(attributes, RealizeQueue.stackByteCount)
    #if canImport(Glibc)
      var thread = pthread_t()
    #else
      var thread: pthread_t?
    #endif
    // Detached threads of the process's queue hold it for ever.
    let queue = Unmanaged.passRetained(self)
    guard pthread_create(&thread, attributes, serveQueue, queue.toOpaque()) == 0 else {
      queue.release()
      return false
    }
    return true
  }

  /// That of a main thread; the scheduler's recursions are bounded, and systems' defaults for threads differ.
  private static let stackByteCount = 8 << 20
}

#if canImport(Glibc)
  private func serveQueue(_ queue: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    Unmanaged<RealizeQueue>.fromOpaque(queue!).takeRetainedValue().serve()
    return nil
  }
#else
  private func serveQueue(_ queue: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<RealizeQueue>.fromOpaque(queue).takeRetainedValue().serve()
    return nil
  }
#endif
