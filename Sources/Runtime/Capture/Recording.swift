package import LazyOps
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a captured function's body does while it runs as usual: the schedules it computes, the cells it reads and
/// assigns, and the numbers computed anew in each step.
///
/// A body works on one thread. What it does is known when it has returned: `finish` says of each leaf of each schedule
/// where it came from.
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

  private static let advice =
    "the body runs twice only, so a Swift value read there would stay as it is; return the tensor, and read it outside"

  private let thread = pthread_self()
  private let isFinished = Atomic<Bool>(false)
  private let drawRecorder = DrawRecorder()

  private var inputs: [Node] = []
  private var runs: [(graph: Graph, plan: ExecutablePlan?, leaves: [Node], results: [Node])] = []
  private var cells: [TensorCell] = []
  private var sources: [any ScalarSource] = []
  private var assignments: [(cell: Int, node: Node)] = []
  /// Where nodes' elements are known to come from, where their scalars are, and the nodes: an identity is good only
  /// while they live. A scalar that is realized has both.
  private var origins: [ObjectIdentifier: Origin] = [:]
  private var scalarOrigins: [ObjectIdentifier: Origin] = [:]
  private var nodes: [Node] = []
  /// Where storage of the body's own comes from, for leaves that were made from an input or a result unseen.
  private var storageOrigins: [ObjectIdentifier: Origin] = [:]
  private var leafStorages: Set<ObjectIdentifier> = []
  private var resultCount = 0

  /// Calls `body` and records what it does.
  func run<Result>(_ body: () throws -> Result) rethrows -> Result {
    defer { isFinished.store(true, ordering: .relaxed) }
    return try RandomGenerator.$recorder.withValue(drawRecorder) {
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
      node = Node(.argument, shape: tensor.shape, dtype: tensor.dtype, argument: tensor.scalar)
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

  /// Notes that a schedule was computed, by its plan or by the evaluator.
  func add(_ graph: Graph, _ plan: ExecutablePlan?, leaves: [Node], results: [Node]) {
    guard isOpen else { return }
    for leaf in leaves { if let storage = leaf.storage { leafStorages.insert(ObjectIdentifier(storage)) } }
    for node in results {
      guard let storage = node.storage else { preconditionFailure("bug: a result without elements") }
      set(.result(resultCount), of: node)
      // A result may have a leaf's storage, which then says nothing.
      let identity = ObjectIdentifier(storage)
      if !leafStorages.contains(identity), storageOrigins[identity] == nil {
        storageOrigins[identity] = .result(resultCount)
      }
      resultCount += 1
    }
    runs.append((graph, plan, leaves, results))
  }

  /// Notes that `leaf` has the elements of `tensor`.
  func note(_ leaf: Tensor, standsFor tensor: Tensor) {
    guard isOpen, let origin = origins[ObjectIdentifier(tensor.node)] else { return }
    set(origin, of: leaf.node)
  }

  /// Notes that `tensor` was found in a cell, and computes it if need be, which is not a part of the body.
  func read(_ cell: TensorCell, _ tensor: Tensor) {
    guard isOpen, origins[ObjectIdentifier(tensor.node)] == nil else { return }
    if !tensor.isRealized { Recording.pausing { _ = tensor.realize() } }
    set(.cell(number(of: cell)), of: tensor.node)
  }

  /// Notes that `tensor` is put in a cell.
  func assign(_ cell: TensorCell, _ tensor: Tensor) {
    guard isOpen else { return }
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

  /// Says what the body has done: `outputs` are the tensors it returned, which are realized.
  func finish(
    outputs: [Tensor], scalarInputs: [Bool], inputParts: [PartVisitor.Part], outputParts: [PartVisitor.Part]
  ) -> CapturedStep {
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
    func scalarOrigin(of node: Node) -> Origin {
      if let origin = scalarOrigins[ObjectIdentifier(node)] { return origin }
      guard let scalar = node.argument else { preconditionFailure("bug: an argument without a value") }
      step.scalars.append(scalar)
      return .scalar(step.scalars.count - 1)
    }
    for run in runs {
      let leaves = zip(run.graph.leaves, run.leaves).map { id, node in
        run.graph.nodes[id].op == .argument ? scalarOrigin(of: node) : origin(of: node)
      }
      step.runs.append(
        .init(graph: run.graph, plan: run.plan, leaves: leaves, results: run.results.count))
    }
    step.assignments = assignments.map { .init(cell: $0.cell, value: origin(of: $0.node)) }
    step.outputs = outputs.map { .init(shape: $0.shape, dtype: $0.dtype, value: origin(of: $0.node)) }
    return step
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
  var isScalarArgument: Bool { node.op == .argument && !isRealized }
}
