import LazyOps

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The nodes that threads are realizing at this moment, so that two that ask for one node compute it once.
///
/// A thread claims all its nodes at once, or waits while another holds any of them; so nobody waits holding claims, and
/// there is no deadlock.
final class NodeClaims: @unchecked Sendable {
  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let released = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var claimed: Set<ObjectIdentifier> = []

  init() {
    pthread_mutex_init(lock, nil)
    pthread_cond_init(released, nil)
  }

  deinit {
    pthread_mutex_destroy(lock)
    pthread_cond_destroy(released)
    lock.deallocate()
    released.deallocate()
  }

  /// Waits while the thread that realizes a node has its sources. Such a thread waits for nobody, so this is safe for one
  /// that holds claims.
  func waitWhileTaken(_ node: Node) {
    pthread_mutex_lock(lock)
    while node.isTaken { pthread_cond_wait(released, lock) }
    pthread_mutex_unlock(lock)
  }

  /// Calls `body` with those of the nodes that are not realized, while no other thread realizes them.
  func withPending(_ nodes: [Node], _ body: ([Node]) throws -> Void) rethrows {
    pthread_mutex_lock(lock)
    while nodes.contains(where: { claimed.contains(ObjectIdentifier($0)) }) { pthread_cond_wait(released, lock) }
    let pending = nodes.filter { $0.storage == nil }
    for node in pending { claimed.insert(ObjectIdentifier(node)) }
    pthread_mutex_unlock(lock)
    guard !pending.isEmpty else { return }
    defer {
      pthread_mutex_lock(lock)
      for node in pending { claimed.remove(ObjectIdentifier(node)) }
      pthread_cond_broadcast(released)
      pthread_mutex_unlock(lock)
    }
    try body(pending)
  }
}
