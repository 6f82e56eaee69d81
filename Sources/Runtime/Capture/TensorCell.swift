public import LazyOps
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A place for a tensor that changes while a program runs: running statistics, a cache, the state of an optimizer.
///
/// It is what a captured function can change: reading `value` inside gives what is in the cell at the time of each call,
/// and assigning happens again in each call. A `var` of type `Tensor` outside would be frozen.
public final class TensorCell: Sendable {
  /// The extents of the axes, which never change.
  public let shape: Shape
  /// The type of the elements, which never changes.
  public let dtype: DType
  private let tracksGradient: Bool
  private let content: Mutex<Content>

  fileprivate enum Content {
    case tensor(Tensor)
    /// Elements a captured function has put here, which nobody has asked for as a tensor yet.
    case elements(Storage)
    /// Nothing: a captured function that writes over the elements runs on another thread.
    case lent
  }

  /// Creates a cell that begins with `initial`, which need not be computed yet.
  public convenience init(_ initial: Tensor) { self.init(initial, tracksGradient: false) }

  /// Creates a cell whose tensors track gradients if asked for: a parameter's.
  package init(_ initial: Tensor, tracksGradient: Bool) {
    Tensor.require(
      !initial.shape.isVariable, "TensorCell",
      "a value of shape \(initial.shape): a cell has no axes of run-time length")
    (shape, dtype, self.tracksGradient) = (initial.shape, initial.dtype, tracksGradient)
    // A pending value stays pending, so that all parameters of a model are computed in one schedule.
    let leaf =
      initial.isRealized
      ? initial.asLeaf(tracksGradient: tracksGradient)
      : Tensor(
        node: Node(.detach, [initial.node], shape: shape, dtype: dtype, tracksGradient: tracksGradient))
    content = Mutex(.tensor(leaf))
  }

  /// The tensor as it is now. A value to be assigned has the cell's shape and dtype, and is computed at once; what was
  /// made from the old one keeps the old elements.
  public var value: Tensor {
    get {
      let tensor = current
      Recording.current?.read(self, tensor)
      return tensor
    }
    set { TensorCell.assign([(self, newValue)]) }
  }

  /// Assigns several cells, whose new values are computed in one schedule.
  ///
  /// - Parameter others: tensors to compute in the same schedule, such as what is made of the new values.
  public static func assign(_ values: [(cell: TensorCell, value: Tensor)], computing others: [Tensor] = []) {
    for (cell, value) in values {
      Tensor.require(
        value.shape == cell.shape && value.dtype == cell.dtype, "assign",
        "a value of \(value.dtype)\(value.shape) for a place of \(cell.dtype)\(cell.shape)")
    }
    Tensor.realize(others + values.map(\.value))
    for (cell, value) in values {
      let new = value.asLeaf(tracksGradient: cell.tracksGradient)
      Recording.current?.assign(cell, new)
      cell.replace(.tensor(new))
    }
  }

  /// Puts a value that is yet to be computed in the place of what is in the cell, whose memory it may then take over. A
  /// captured function's body keeps what it has read.
  package func prepare(_ value: Tensor) { if !Recording.isInBody { replace(.tensor(value)) } }

  /// The elements as they are now, computed if need be.
  var elements: Storage {
    get throws {
      let known: Storage? = content.withLock { content in
        switch content {
        case .elements(let storage): storage
        case .tensor(let tensor): tensor.node.storage
        case .lent: nil
        }
      }
      if let known { return known }
      let tensor = try current.tryRealize()
      guard let storage = tensor.node.storage else { preconditionFailure("bug: a realized tensor without elements") }
      return storage
    }
  }

  /// Puts elements in place of what is in the cell.
  func assign(elements: Storage) { replace(.elements(elements)) }

  /// What is in a cell, to be put back.
  struct Saved {
    fileprivate let content: Content
  }

  /// What is in the cell.
  var saved: Saved { Saved(content: content.withLock { $0 }) }

  /// Puts back what was in the cell.
  func restore(_ saved: Saved) { replace(saved.content) }

  /// Takes the elements out to be written over, until others are assigned: those in the cell if nobody else holds them,
  /// else a copy. Computes them if need be.
  func lendElements() throws -> Storage {
    _ = try elements
    let own: Storage? = content.withLock { content in
      switch content {
      case .elements(var storage):
        content = .lent
        if storage.isOwned, isKnownUniquelyReferenced(&storage) { return storage }
        content = .elements(storage)
      case .tensor(let tensor):
        var node = tensor.node
        content = .lent
        _ = consume tensor
        if isKnownUniquelyReferenced(&node), let storage = node.takeStorage() { return storage }
        content = .tensor(Tensor(node: node))
      case .lent: preconditionFailure("bug: a cell's elements are lent twice")
      }
      return nil
    }
    if let own { return own }
    let shared = try elements
    let copy = try StoragePool.shared.allocate(byteCount: shared.byteCount)
    copy.base.copyMemory(from: shared.base, byteCount: shared.byteCount)
    let old = content.withLock { content in
      defer { content = .lent }
      return content
    }
    withExtendedLifetime((old, shared)) {}
    return copy
  }

  private var current: Tensor {
    while true {
      if let tensor = currentIfNotLent { return tensor }
      // Until the function has assigned the cell, or failed and given the elements back.
      usleep(50)
    }
  }

  private var currentIfNotLent: Tensor? {
    content.withLock { content in
      switch content {
      case .lent: return nil
      case .tensor(let tensor): return tensor
      case .elements(let storage):
        let tensor = Tensor(
          node: Node(.buffer, shape: shape, dtype: dtype, storage: storage, tracksGradient: tracksGradient))
        content = .tensor(tensor)
        return tensor
      }
    }
  }

  private func replace(_ new: Content) {
    // The old content must outlive the lock: its deinit may reach other nodes.
    let old = content.withLock { content in
      defer { content = new }
      return content
    }
    withExtendedLifetime(old) {}
  }
}
