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
  /// Whether no gradient flows from here to the sources: the node was made inside `withoutGradient`, or by `detach`.
  package let stopsGradient: Bool
  /// How many nodes had been made before: what is made later has a larger number.
  package let serial: Int
  /// The value of an `argument`; nil for every other op.
  package let argument: Scalar?
  package let state: Mutex<State>

  /// What changes when a node is realized.
  package struct State: Sendable {
    package var sources: [Node]
    package var storage: Storage?
    /// Whose result the node is, where gradients are to follow a rule of its own instead of the ops' derivatives.
    package var rule: GradientRule.Output?

    /// Whether a pending node of `op` is without its sources.
    func isTaken(from op: Op) -> Bool { storage == nil && sources.isEmpty && op.sourceCount != 0 }
  }

  package init(
    _ op: Op, _ sources: [Node] = [], shape: Shape, dtype: DType, argument: Scalar? = nil, storage: Storage? = nil,
    tracksGradient: Bool? = nil, stopsGradient: Bool? = nil, rule: GradientRule.Output? = nil
  ) {
    self.op = op
    self.shape = shape
    self.dtype = dtype
    self.argument = argument
    let origins = rule?.rule.inputs ?? sources
    let stops =
      stopsGradient ?? (!origins.isEmpty && (op == .detach && rule == nil || !GradientMode.isEnabled))
    self.stopsGradient = stops
    self.tracksGradient =
      tracksGradient ?? (dtype.isFloatingPoint && !stops && origins.contains { $0.tracksGradient })
    serial = Node.count.wrappingAdd(1, ordering: .relaxed).oldValue
    state = Mutex(State(sources: sources, storage: storage, rule: rule))
  }

  /// The number of nodes made so far.
  package static let count = Atomic(0)

  /// The nodes this one is computed from; empty for leaves and for realized nodes that track no gradient.
  package var sources: [Node] { state.withLock { $0.sources } }

  /// Whose result the node is, where that has a rule for gradients of its own.
  var rule: GradientRule.Output? { state.withLock { $0.rule } }

  /// The elements, once realized.
  package var storage: Storage? { state.withLock { $0.storage } }

  /// The sources and the elements as they are at one moment.
  package var snapshot: State { state.withLock { $0 } }

  /// Marks the node realized; a second call changes nothing.
  package func realize(into storage: Storage) {
    // What is let go must outlive the lock: its deinit may reach other nodes.
    let (released, ruled) = state.withLock { state -> (State.Origin?, Node?) in
      guard state.storage == nil else { return (nil, nil) }
      state.storage = storage
      guard keepsNoHistory else { return (nil, state.rule.map { $0.rule.computed[$0.place] }) }
      return (state.takeOrigin(), nil)
    }
    if let released { Node.free(consume released) }
    // A result with a rule has the elements of what was computed, which the rule may read.
    ruled?.realize(into: storage)
  }

  /// Puts elements in place of those that a realized node has.
  package func settle(into storage: Storage) {
    let (old, ruled) = state.withLock { state -> (Storage?, Node?) in
      defer { state.storage = storage }
      return (state.storage, state.rule.map { $0.rule.computed[$0.place] })
    }
    withExtendedLifetime(old) {}
    ruled?.settle(into: storage)
  }

  /// Whether the node lets go of its sources when it is realized.
  package var keepsNoHistory: Bool { !tracksGradient || stopsGradient }

  /// Whether a thread that realizes the node has taken its sources for the time being.
  package var isTaken: Bool { snapshot.isTaken(from: op) }

  /// Takes the sources out. Whoever does so either realizes the node or gives them back.
  package func takeSources() -> [Node] {
    state.withLock { state in
      defer { state.sources = [] }
      return state.sources
    }
  }

  /// Puts back what `takeSources` has taken.
  package func giveBack(sources: [Node]) { state.withLock { $0.sources = sources } }

  /// Takes the elements out of a node that only the caller holds, if their memory may be written over and nobody else
  /// holds them either.
  package func takeStorage() -> Storage? {
    state.withLock { state in
      guard state.storage?.isOwned == true, isKnownUniquelyReferenced(&state.storage) else { return nil }
      defer { state.storage = nil }
      return state.storage
    }
  }

  /// Puts back what `takeStorage` has taken.
  package func giveBack(storage: Storage) { state.withLock { $0.storage = storage } }

  deinit { Node.free(state.withLock { $0.takeOrigin() }) }

  /// Frees a chain of nodes with a worklist: releasing them one inside the other would overflow the stack.
  ///
  /// It takes the list over: a copy of it would make every node look shared.
  private static func free(_ origin: consuming State.Origin) {
    guard !origin.sources.isEmpty || origin.rule != nil else { return }
    var pending = origin.takeNodes()
    while var node = pending.popLast() {
      guard isKnownUniquelyReferenced(&node) else { continue }
      var origin = node.state.withLock { $0.takeOrigin() }
      pending += origin.takeNodes()
    }
  }
}

extension Node.State {
  /// What a node is computed from.
  fileprivate struct Origin {
    var sources: [Node]
    var rule: GradientRule.Output?

    /// Takes out the sources, and what the rule holds if nobody else needs it. Whatever else the rule holds goes when
    /// they are safe in the list.
    mutating func takeNodes() -> [Node] {
      var nodes = sources
      sources = []
      if var output = rule.take() { nodes += output.ownNodes }
      return nodes
    }
  }

  /// Takes out what the node is computed from.
  fileprivate mutating func takeOrigin() -> Origin {
    defer { (sources, rule) = ([], nil) }
    return Origin(sources: sources, rule: rule)
  }
}
