#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Takes the place of `Synchronization.Mutex` where ThreadSanitizer watches: that one's locking is inside the standard
/// library, where the sanitizer sees nothing, and it would take everything under a lock for a race.
///
/// `.ci/sanitizers` copies this file into every module that uses a mutex.
package struct Mutex<Value: ~Copyable>: ~Copyable, @unchecked Sendable {
  private let lock: UnsafeMutablePointer<pthread_mutex_t>
  private let value: UnsafeMutablePointer<Value>

  /// Makes an unlocked mutex around a value.
  package init(_ initial: consuming sending Value) {
    lock = .allocate(capacity: 1)
    value = .allocate(capacity: 1)
    pthread_mutex_init(lock, nil)
    value.initialize(to: initial)
  }

  deinit {
    pthread_mutex_destroy(lock)
    value.deinitialize(count: 1)
    lock.deallocate()
    value.deallocate()
  }

  /// Calls `body` with the value while no other thread has it.
  package borrowing func withLock<Result: ~Copyable, Failure: Error>(
    _ body: (inout sending Value) throws(Failure) -> sending Result
  ) throws(Failure) -> sending Result {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    nonisolated(unsafe) let value = value
    return try body(&value.pointee)
  }
}
