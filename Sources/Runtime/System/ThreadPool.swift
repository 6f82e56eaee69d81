/// Shares loops among threads that live as long as the pool.
///
/// The caller is one of the threads. Between loops the others spin for a moment, so that the next kernel starts them
/// within a fraction of a microsecond, and then sleep. They are created when first needed.
package final class ThreadPool: Sendable {
  /// The pool all kernels run on, as wide as `THREADS` says.
  package static let shared = ThreadPool(threadCount: Environment.current.threads)

  /// How many threads share a loop at most, the caller among them.
  package let threadCount: Int
  private let crew = ThreadCrew()

  /// Makes a pool of 1...1024 threads, the caller's among them.
  package init(threadCount: Int) {
    precondition(
      (1...Environment.threadLimit).contains(threadCount), "bug: a pool of \(threadCount) threads")
    self.threadCount = threadCount
  }

  /// Whether a loop handed over now would start at once on another thread too; waking one takes far longer.
  package var isAwake: Bool { crew.isAwake }

  deinit { crew.dismiss() }

  /// Returns what `transform` makes of each element, in order; several calls may run at the same time.
  package func map<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ transform: @Sendable (Element) -> Result
  ) -> [Result] {
    [Result](unsafeUninitializedCapacity: elements.count) { buffer, count in
      nonisolated(unsafe) let results = buffer.baseAddress
      run(chunks: elements.count) { (results! + $0).initialize(to: transform(elements[$0])) }
      count = elements.count
    }
  }

  /// Calls `body` with every number in 0..<chunks, once each, and returns when all calls have returned.
  ///
  /// Up to `threads` calls run at the same time. Each thread takes the lowest number left when it is free, so chunks
  /// may differ in size. All that was written before is visible in the calls, and all that they write is visible
  /// afterwards. While the pool is busy with another loop (of another thread, or the one around this call) the calls
  /// run one after another on the caller, in order.
  package func run(chunks: Int, threads: Int = .max, _ body: (Int) -> Void) {
    let helpers = min(threads, threadCount, chunks) - 1
    if helpers > 0 && crew.claim() {
      crew.run(chunks: chunks, helpers: helpers, body)
    } else {
      for chunk in 0..<max(chunks, 0) { body(chunk) }
    }
  }
}
