import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The helpers of a `ThreadPool` and what they share with the caller; each helper keeps it alive.
///
/// A job is offered by writing its fields and then opening the `gate`, one 64-bit word:
///
///     bits 0-11   helpers inside        bit 24   open: helpers may enter
///     bits 12-23  the most allowed      bit 25   dismissed: helpers must end
///                                       bits 26-63  the job's number
///
/// A helper enters by a compare-and-exchange that adds one, takes chunks until none is left, and leaves by subtracting
/// one. The caller takes chunks as well, then closes the gate and waits until nobody is inside. A helper that comes late
/// finds the gate closed and has touched nothing, so the caller never waits for one that is asleep.
///
/// Why that is safe:
/// - The fields are written before the gate is opened by a release store. A helper's entry is an acquiring
///   read-modify-write of that store or of one after it in an unbroken chain of read-modify-writes (a release
///   sequence), so whoever enters sees the fields, and what the caller did before.
/// - The fields are next written after the caller has seen zero inside, by an acquiring load. Leaving is a releasing
///   read-modify-write in the same chain, so all that the helpers read and wrote came before; and since the gate is
///   closed none can enter in between: entry needs the open bit in the very word it exchanges.
/// - `nextChunk` needs no order of its own: read-modify-writes hand out every number once, and its reset is a field
///   like the others.
/// - Going to sleep: a helper counts itself in `sleepers` and then looks at the gate; the caller opens the gate and then
///   looks at `sleepers`. All four are sequentially consistent, so at least one sees the other. The helper holds the
///   lock from counting until it sleeps, and the caller takes the lock before it signals, so the signal is not lost.
///   The caller's sleep in `awaitDeparture`, with `callerIsWaiting`, is the same with the roles exchanged.
final class ThreadCrew: @unchecked Sendable {
  // Words that different threads write at different times are kept 128 bytes apart, on cache lines of their own.
  private let gate = Atomic<UInt64>(0)
  private let sleepers = Atomic<Int>(0)
  private let startedCount = Atomic<Int>(0)
  private let callerIsWaiting = Atomic<Bool>(false)
  private let padding = SIMD16<UInt64>.zero
  private let nextChunk = Atomic<Int>(0)
  private let morePadding = SIMD16<UInt64>.zero
  private let isBusy = Atomic<Bool>(false)

  // The job. Written by the caller while the gate is closed and nobody is inside.
  private var body: UnsafePointer<(Int) -> Void>?
  private var chunkCount = 0

  // Used by the caller that has claimed the crew.
  private var threads: [pthread_t] = []
  private var mayGrow = true

  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let jobOffered = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let helpersLeft = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  init() {
    pthread_mutex_init(lock, nil)
    pthread_cond_init(jobOffered, nil)
    pthread_cond_init(helpersLeft, nil)
  }

  deinit {
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(jobOffered)
    pthread_cond_destroy(helpersLeft)
    lock.deallocate()
    jobOffered.deallocate()
    helpersLeft.deallocate()
  }

  /// Reserves the crew for one `run`; false when another caller has it.
  func claim() -> Bool { !isBusy.exchange(true, ordering: .acquiring) }

  /// Runs a loop on the caller and up to `helpers` others. The crew must have been claimed; it is given back.
  func run(chunks: Int, helpers: Int, _ body: (Int) -> Void) {
    if threads.count < helpers && mayGrow { hire(helpers) }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { pointer in
        self.body = pointer
        chunkCount = chunks
        nextChunk.store(0, ordering: .relaxed)
        open(helpers: min(helpers, threads.count))
        work()
        let closed = gate.bitwiseAnd(~Gate.open, ordering: .acquiringAndReleasing).newValue
        if Gate.inside(closed) > 0 { awaitDeparture() }
        self.body = nil
      }
    }
    isBusy.store(false, ordering: .releasing)
  }

  /// Whether a helper is spinning or at work, so that a job reaches it at once. Only a hint: it may sleep a moment later.
  var isAwake: Bool { sleepers.load(ordering: .relaxed) < startedCount.load(ordering: .relaxed) }

  /// Ends all helpers and waits for them. Nobody may run anything any more.
  func dismiss() {
    gate.bitwiseOr(Gate.dismissed, ordering: .sequentiallyConsistent)
    pthread_mutex_lock(lock)
    pthread_mutex_unlock(lock)
    pthread_cond_broadcast(jobOffered)
    for thread in threads { pthread_join(thread, nil) }
  }

  // MARK: The caller

  private func open(helpers: Int) {
    let job = (gate.load(ordering: .relaxed) >> Gate.numberShift) &+ 1
    gate.store(
      job << Gate.numberShift | Gate.open | UInt64(helpers) << Gate.limitShift, ordering: .sequentiallyConsistent)
    let asleep = sleepers.load(ordering: .sequentiallyConsistent)
    // Those awake will see the gate by themselves.
    let wanted = min(asleep, helpers - (threads.count - asleep))
    guard wanted > 0 else { return }
    pthread_mutex_lock(lock)
    pthread_mutex_unlock(lock)
    if wanted == asleep {
      pthread_cond_broadcast(jobOffered)
    } else {
      for _ in 0..<wanted { pthread_cond_signal(jobOffered) }
    }
  }

  private func work() {
    guard let body = body?.pointee else { preconditionFailure("bug: a helper works without a job") }
    let count = chunkCount
    while true {
      let chunk = nextChunk.wrappingAdd(1, ordering: .relaxed).oldValue
      if chunk >= count { return }
      body(chunk)
    }
  }

  private func awaitDeparture() {
    let left = spin { Gate.inside(gate.load(ordering: .acquiring)) == 0 }
    if left { return }
    pthread_mutex_lock(lock)
    callerIsWaiting.store(true, ordering: .sequentiallyConsistent)
    while Gate.inside(gate.load(ordering: .sequentiallyConsistent)) > 0 { pthread_cond_wait(helpersLeft, lock) }
    callerIsWaiting.store(false, ordering: .relaxed)
    pthread_mutex_unlock(lock)
  }

  /// Creates helpers until there are `count`. Where the system allows no more, fewer must do.
  private func hire(_ count: Int) {
    let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
    pthread_attr_init(attributes)
    defer {
      pthread_attr_destroy(attributes)
      attributes.deallocate()
    }
    // What a main thread has: bodies may be any Swift code.
    pthread_attr_setstacksize(attributes, 8 << 20)
    while threads.count < count {
      #if canImport(Glibc)
        var thread = pthread_t()
      #else
        var thread: pthread_t?
      #endif
      let crew = Unmanaged.passRetained(self)
      let code = pthread_create(&thread, attributes, serveCrew, crew.toOpaque())
      guard code == 0 else {
        crew.release()
        mayGrow = false
        Warning.once("threads", "only \(threads.count + 1) threads could be started: \(errorText(code))")
        return
      }
      #if canImport(Glibc)
        threads.append(thread)
      #else
        if let thread { threads.append(thread) }
      #endif
      startedCount.store(threads.count, ordering: .relaxed)
    }
  }

  // MARK: The helpers

  /// A helper's life.
  fileprivate func serve() {
    var lastJob: UInt64 = 0
    while true {
      var word: UInt64 = 0
      let seen = spin {
        word = gate.load(ordering: .acquiring)
        return Gate.concerns(word, after: lastJob)
      }
      if !seen {
        sleep(after: lastJob)
        continue
      }
      if word & Gate.dismissed != 0 { return }
      let (entered, _) = gate.weakCompareExchange(
        expected: word, desired: word + 1, successOrdering: .acquiring, failureOrdering: .relaxed)
      guard entered else { continue }
      lastJob = word >> Gate.numberShift
      work()
      leave()
    }
  }

  private func leave() {
    let word = gate.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue
    if word & Gate.open == 0 && Gate.inside(word) == 0 && callerIsWaiting.load(ordering: .sequentiallyConsistent) {
      pthread_mutex_lock(lock)
      pthread_mutex_unlock(lock)
      pthread_cond_signal(helpersLeft)
    }
  }

  private func sleep(after job: UInt64) {
    pthread_mutex_lock(lock)
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while !Gate.concerns(gate.load(ordering: .sequentiallyConsistent), after: job) {
      pthread_cond_wait(jobOffered, lock)
    }
    sleepers.wrappingSubtract(1, ordering: .relaxed)
    pthread_mutex_unlock(lock)
  }

  /// Looks until `condition` holds, for at most about 50 microseconds. Reading the clock waits for the instructions
  /// before it, which leaves a core's other thread room as a pause instruction would.
  private func spin(until condition: () -> Bool) -> Bool {
    if condition() { return true }
    let end = monotonicNanoseconds() &+ 50_000
    repeat {
      for _ in 0..<8 where condition() { return true }
    } while monotonicNanoseconds() < end
    return false
  }
}

/// The fields of a crew's gate word.
private enum Gate {
  static let limitShift: UInt64 = 12
  static let fieldMask: UInt64 = 0xFFF
  static let open: UInt64 = 1 << 24
  static let dismissed: UInt64 = 1 << 25
  static let numberShift: UInt64 = 26

  static func inside(_ word: UInt64) -> UInt64 { word & fieldMask }

  /// Whether a helper that last took job `lastJob` has something to do: a job with room for it, or to end.
  static func concerns(_ word: UInt64, after lastJob: UInt64) -> Bool {
    if word & dismissed != 0 { return true }
    return word & open != 0 && word >> numberShift != lastJob && inside(word) < word >> limitShift & fieldMask
  }
}

/// Where a helper's thread begins.
#if canImport(Glibc)
  private func serveCrew(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<ThreadCrew>.fromOpaque(context).takeRetainedValue().serve() }
    return nil
  }
#else
  private func serveCrew(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<ThreadCrew>.fromOpaque(context).takeRetainedValue().serve()
    return nil
  }
#endif
