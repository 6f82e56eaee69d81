package import Synchronization

/// One vertex of the lazy graph: an op on sources, immutable but for one change, from pending to realized.
///
/// A node that tracks no gradient lets go of its sources when it is realized, so that `x = f(x)` in a loop holds no
/// history. Nodes are not interned: two equal constants made apart stay two, for gradients go to identities. Common
/// subexpressions are merged later, in the snapshot (`Graph`).
public final class Node: Sendable {
  package let op: Op
  package let shape: Shape
  package let dtype: DType
  /// Whether the node is a marked leaf or computed from one.
  package let tracksGradient: Bool
  /// The value of an `argument`; nil for every other op.
  package let argument: Scalar?
  package let state: Mutex<State>

  /// What changes when a node is realized.
  package struct State: Sendable {
    package var sources: [Node]
    package var storage: Storage?
  }

  package init(
    _ op: Op, _ sources: [Node] = [], shape: Shape, dtype: DType, argument: Scalar? = nil, storage: Storage? = nil,
    tracksGradient: Bool? = nil
  ) {
    self.op = op
    self.shape = shape
    self.dtype = dtype
    self.argument = argument
    self.tracksGradient =
      tracksGradient ?? (dtype.isFloatingPoint && op != .detach && sources.contains { $0.tracksGradient })
    state = Mutex(State(sources: sources, storage: storage))
  }

  /// The nodes this one is computed from; empty for leaves and for realized nodes that track no gradient.
  package var sources: [Node] { state.withLock { $0.sources } }

  /// The elements, once realized.
  package var storage: Storage? { state.withLock { $0.storage } }

  /// The sources and the elements as they are at one moment.
  package var snapshot: State { state.withLock { $0 } }

  /// Marks the node realized; a second call changes nothing.
  package func realize(into storage: Storage) {
    // What is let go must outlive the lock: its deinit may reach other nodes.
    let released = state.withLock { state -> [Node] in
      guard state.storage == nil else { return [] }
      state.storage = storage
      guard !tracksGradient else { return [] }
      defer { state.sources = [] }
      return state.sources
    }
    Node.free(consume released)
  }

  deinit {
    Node.free(
      state.withLock { state in
        defer { state.sources = [] }
        return state.sources
      })
  }

  /// Frees a chain of nodes with a worklist: releasing them one inside the other would overflow the stack.
  ///
  /// It takes the list over: a copy of it would make every node look shared.
  private static func free(_ nodes: consuming [Node]) {
    guard !nodes.isEmpty else { return }
    var pending = consume nodes
    while var node = pending.popLast() {
      guard isKnownUniquelyReferenced(&node) else { continue }
      pending += node.state.withLock { state in
        defer { state.sources = [] }
        return state.sources
      }
    }
  }
}
