package import LazyOps
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a captured function's body does: the schedules it asks for, the cells it reads and assigns, and the numbers
/// computed anew in each step.
///
/// Nothing is computed while a body runs, for it reads no elements: results are realized into *blanks*, storage without
/// memory. When it has returned, cells are what they were before, and `finish` says of each leaf of each schedule where
/// it came from; the program that is made of this then does the work. What somebody still holds of the results is given
/// their elements by `settle`. A body works on one thread.
package final class Recording: @unchecked Sendable {
  /// The recording of the body that runs now, if one does.
  @TaskLocal package static var current: Recording?

  /// Whether the body of a captured function runs. A task it started may go on after it, and is then no part of it.
  static var isInBody: Bool { current.map { !$0.isFinished.load(ordering: .relaxed) } ?? false }

  /// How often what modules compute has changed in a way no body tells: by going from training to evaluation or back.
  /// A captured function compares itself with its body when this has changed.
  static let modeChanges = Atomic<Int>(0)

  /// Tells captured functions that some module now computes another thing, so that they compare themselves with their
  /// bodies.
  package static func modeHasChanged() {
    modeChanges.wrappingAdd(1, ordering: .relaxed)
    if isInBody { current?.ownModeChanges.wrappingAdd(1, ordering: .relaxed) }
  }

  /// How many of the changes were made by the body.
  let ownModeChanges = Atomic<Int>(0)

  /// Calls `body`, which is not recorded.
  static func pausing<Result>(_ body: () throws -> Result) rethrows -> Result {
    try $current.withValue(nil, operation: body)
  }

  /// Stops if a captured function's body runs, which must not do `action`.
  package static func refuse(_ action: @autoclosure () -> String) {
    if isInBody { Tensor.misuse("compiled", "\(action()) in the body of a captured function: \(advice)") }
  }

  /// Stops if a storage is the blank of a result that was never computed.
  static func requireElements(_ storage: Storage, _ byteCount: Int) {
    Tensor.require(
      storage.byteCount >= byteCount, "compiled",
      "a tensor is read that the body of a captured function made in a call that failed")
  }

  private static let advice =
    "the body runs twice only, so a Swift value read there would stay as it is; return the tensor, and read it outside"

  private let thread = pthread_self()
  private let isFinished = Atomic<Bool>(false)
  private let drawRecorder = DrawRecorder()

  private var inputs: [Node] = []
  private var runs: [(graph: Graph, leaves: [Node], results: Int)] = []
  private var cells: [TensorCell] = []
  /// What was in the cells that have been assigned.
  private var former: [(cell: TensorCell, content: TensorCell.Saved)] = []
  private var sources: [any ScalarSource] = []
  private var assignments: [(cell: Int, node: Node)] = []
  /// Where nodes' elements are known to come from, where their scalars are, and the nodes: an identity is good only
  /// while they live. A scalar that is realized has both.
  private var origins: [ObjectIdentifier: Origin] = [:]
  private var scalarOrigins: [ObjectIdentifier: Origin] = [:]
  private var nodes: [Node] = []
  /// Where storage of the body's own comes from, for leaves that were made from an input or a result unseen.
  private var storageOrigins: [ObjectIdentifier: Origin] = [:]
  private var resultCount = 0
  /// The nodes with blanks, and which results these stand for.
  private var blanks: [(node: WeakNode, result: Int)] = []

  private struct WeakNode {
    weak var node: Node?
  }

  /// Calls `body` and records what it does. Cells are then what they were before; if it throws, so are step counts.
  func run<Result>(_ body: () throws -> Result) throws -> Result {
    defer {
      isFinished.store(true, ordering: .relaxed)
      for (cell, content) in former.reversed() { cell.restore(content) }
      former = []
    }
    do { return try runRecorded(body) } catch {
      for source in sources.reversed() { source.undoScalars() }
      throw error
    }
  }

  private func runRecorded<Result>(_ body: () throws -> Result) rethrows -> Result {
    try RandomGenerator.$recorder.withValue(drawRecorder) {
      try Recording.$current.withValue(self, operation: body)
    }
  }

  /// Returns whether what is told now belongs to the body: a task it started may go on after it.
  private var isOpen: Bool {
    if isFinished.load(ordering: .relaxed) { return false }
    Tensor.require(
      pthread_equal(thread, pthread_self()) != 0, "compiled",
      "the body of a captured function computes on another thread than the one it was called on")
    return true
  }

  private func set(_ origin: Origin, of node: Node) {
    if origin.isScalar {
      scalarOrigins[ObjectIdentifier(node)] = origin
    } else {
      origins[ObjectIdentifier(node)] = origin
    }
    nodes.append(node)
  }

  /// Returns a tensor of its own for an input: one that the body cannot mistake for another input, for what is in a cell
  /// or for a tensor from outside, even if it is the same one.
  func input(_ tensor: Tensor, isScalar: Bool) -> Tensor {
    let node: Node
    if isScalar {
      let op = tensor.node.op.isScalarLeaf ? tensor.node.op : .argument
      node = Node(op, shape: tensor.shape, dtype: tensor.dtype, argument: tensor.scalar)
    } else {
      guard let elements = tensor.node.storage else { preconditionFailure("bug: an input without elements") }
      // The same memory; the original is held until it is given back.
      let storage = Storage(base: elements.base, byteCount: elements.byteCount) { _, _ in
        withExtendedLifetime(elements) {}
      }
      storageOrigins[ObjectIdentifier(storage)] = .input(inputs.count)
      node = Node(.buffer, shape: tensor.shape, dtype: tensor.dtype, storage: storage)
    }
    set(isScalar ? .scalarInput(inputs.count) : .input(inputs.count), of: node)
    inputs.append(node)
    return Tensor(node: node)
  }

  /// Notes that a schedule is to be computed, and realizes its results into blanks.
  func add(_ graph: Graph, leaves: [Node], results: [Node]) {
    guard isOpen else { return }
    for node in results {
      // Nothing is read there: reading elements in a body stops the program.
      let blank = Storage(base: UnsafeMutableRawPointer(bitPattern: 64)!, byteCount: 0) { _, _ in }
      node.realize(into: blank)
      set(.result(resultCount), of: node)
      storageOrigins[ObjectIdentifier(blank)] = .result(resultCount)
      blanks.append((WeakNode(node: node), resultCount))
      resultCount += 1
    }
    runs.append((graph, leaves, results.count))
  }

  /// Notes that `leaf` has the elements of `tensor`.
  func note(_ leaf: Tensor, standsFor tensor: Tensor) {
    guard isOpen, let origin = origins[ObjectIdentifier(tensor.node)] else { return }
    set(origin, of: leaf.node)
    if case .result(let number) = origin { blanks.append((WeakNode(node: leaf.node), number)) }
  }

  /// Notes that `tensor` was found in a cell, and computes it if need be, which is not a part of the body.
  func read(_ cell: TensorCell, _ tensor: Tensor) {
    guard isOpen, origins[ObjectIdentifier(tensor.node)] == nil else { return }
    if !tensor.isRealized { Recording.pausing { _ = tensor.realize() } }
    set(.cell(number(of: cell)), of: tensor.node)
  }

  /// Notes that `tensor` is about to be put in a cell.
  func assign(_ cell: TensorCell, _ tensor: Tensor) {
    guard isOpen else { return }
    former.append((cell, cell.saved))
    assignments.append((number(of: cell), tensor.node))
    nodes.append(tensor.node)
  }

  /// Notes that a source has gone to its next step, and that each of `arguments`, lists of tensors, holds its numbers.
  package func add(_ source: any ScalarSource, arguments: [[Tensor]]) {
    guard isOpen else { return }
    for list in arguments {
      for (index, tensor) in list.enumerated() { set(.sourceScalar(sources.count, index), of: tensor.node) }
    }
    sources.append(source)
  }

  private func number(of cell: TensorCell) -> Int {
    if let known = cells.firstIndex(where: { $0 === cell }) { return known }
    cells.append(cell)
    return cells.count - 1
  }

  /// Says what the body has done, and which numbers it has drawn and taken from sources; then lets go of all nodes.
  ///
  /// - Parameter outputs: the tensors it returned, which are realized.
  func finish(
    outputs: [Tensor], scalarInputs: [Bool], inputParts: [PartVisitor.Part], outputParts: [PartVisitor.Part]
  ) -> (step: CapturedStep, scalars: [Origin: Scalar]) {
    for (number, draw) in drawRecorder.draws.enumerated() {
      set(.draw(number, word: 0), of: draw.key.0)
      set(.draw(number, word: 1), of: draw.key.1)
    }
    var step = CapturedStep(
      inputParts: inputParts, outputParts: outputParts, scalarInputs: scalarInputs, cells: cells,
      generators: drawRecorder.draws.map(\.generator), sources: sources)
    var constants: [ObjectIdentifier: Int] = [:]
    func origin(of node: Node) -> Origin {
      if let origin = origins[ObjectIdentifier(node)] { return origin }
      guard let storage = node.storage else { preconditionFailure("bug: a leaf without elements") }
      let identity = ObjectIdentifier(storage)
      if let origin = storageOrigins[identity] { return origin }
      if let known = constants[identity] { return .constant(known) }
      constants[identity] = step.constants.count
      step.constants.append(storage)
      return .constant(step.constants.count - 1)
    }
    var scalars: [Origin: Scalar] = [:]
    func scalarOrigin(of node: Node) -> Origin {
      guard let scalar = node.argument else { preconditionFailure("bug: an argument without a value") }
      if let origin = scalarOrigins[ObjectIdentifier(node)] {
        scalars[origin] = scalar
        return origin
      }
      step.scalars.append(scalar)
      return .scalar(step.scalars.count - 1)
    }
    for run in runs {
      let leaves = zip(run.graph.leaves, run.leaves).map { id, node in
        run.graph.nodes[id].op.isScalarLeaf ? scalarOrigin(of: node) : origin(of: node)
      }
      step.runs.append(.init(graph: run.graph, leaves: leaves, results: run.results))
    }
    step.assignments = assignments.map { .init(cell: $0.cell, value: origin(of: $0.node)) }
    step.outputs = outputs.map { .init(shape: $0.shape, dtype: $0.dtype, value: origin(of: $0.node)) }
    (inputs, runs, assignments, nodes, origins, scalarOrigins) = ([], [], [], [], [:], [:])
    return (step, scalars)
  }

  /// Gives the nodes that somebody holds and that were realized into blanks their elements, by the results' numbers.
  func settle(_ results: [Storage]) {
    for (blank, result) in blanks { blank.node?.settle(into: results[result]) }
    blanks = []
  }
}

extension Tensor {
  /// The value of a scalar: an argument's, or the element of a tensor that has one.
  var scalar: Scalar {
    if let value = node.argument, !isRealized { return value }
    realize()
    switch HostArray(node).elements {
    case .real(let values): return .real(values[0])
    case .integer(let values): return .integer(values[0])
    }
  }

  /// Whether the tensor is a number handed to kernels when they run.
  var isScalarArgument: Bool { node.op.isScalarLeaf && !isRealized }
}
