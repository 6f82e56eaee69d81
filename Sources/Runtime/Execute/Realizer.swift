package import LazyOps
import LazyScheduler
import Synchronization

/// Computes pending nodes: snapshot, plan (from the cache if the structure is known), run, and hand over the storage.
package enum Realizer {
  /// Plans by structure, for the whole process.
  private static let plans = StructuralCache<ExecutablePlan>(capacity: 512)

  /// The number of plans made so far and still kept.
  package static var planCount: Int { plans.count }

  /// The number of kernels launched so far.
  package static var launchCount: Int { PlanRun.launchCount.load(ordering: .relaxed) }

  /// Realizes nodes, all in one schedule. Those realized already are left alone.
  ///
  /// Throws `OutOfMemory`, `IndexOutOfRange`, or `CompileError` where the compiler is there but fails.
  package static func realize(_ nodes: [Node]) throws {
    try realize(nodes, looksForNaN: Environment.current.nanCheck)
  }

  /// Realizes nodes, if asked for after a look for the first op that gives NaN.
  static func realize(_ nodes: [Node], looksForNaN: Bool) throws {
    try claims.withPending(nodes) { pending in
      if looksForNaN && !Recording.isInBody {
        let (graph, leaves) = Graph.snapshot(of: pending)
        try NaNCheck.run(graph, leaves: leaves)
      }
      try Trace.span("realize", .realize) { try compute(pending) }
    }
  }

  /// The nodes being realized, by any thread.
  private static let claims = NodeClaims()

  /// Copies the pending graph behind nodes. What another thread is realizing, it waits for where it must.
  static func snapshot(of nodes: [Node]) -> Snapshot { Snapshot(of: nodes) { claims.waitWhileTaken($0) } }

  /// Computes nodes that no other thread is at.
  private static func compute(_ pending: [Node]) throws {
    var snapshot = snapshot(of: pending)
    if Environment.current.verify { snapshot.graph.verify(after: "snapshot") }
    if Recording.isInBody, let recording = Recording.current {
      // Computed when the body has returned.
      return recording.add(snapshot.graph, leaves: snapshot.leaves, results: pending)
    }
    if Environment.current.device == .interpreter {
      return try interpret(snapshot.graph, snapshot.leaves, into: pending)
    }
    let donated = snapshot.takeApart()
    let digest = ResultDigest(snapshot.graph, leaves: snapshot.leaves, donated: donated)
    let result: (plan: ExecutablePlan, storages: [Storage])?
    do {
      result = try run(snapshot.graph, snapshot.leaves, donated: donated)
    } catch let error where Realizer.leavesNothingToRun(error) {
      snapshot.restore()
      return try interpret(snapshot.graph, snapshot.leaves, into: pending)
    } catch {
      snapshot.restore()
      throw error
    }
    guard let result else {
      // The kernels know only that some index was wrong; the evaluator finds it and throws.
      snapshot.restore()
      _ = try snapshot.graph.evaluate(leaves: snapshot.leaves.map { HostArray($0) })
      preconditionFailure("bug: a kernel reported an index out of range where there is none")
    }
    for (node, storage) in zip(pending, result.storages) { node.realize(into: storage) }
    digest?.record(pending)
  }

  /// Computes a graph's outputs.
  ///
  /// - Parameters:
  ///   - leaves: the nodes behind the graph's leaves, in order.
  ///   - donated: the elements of those leaves that may be written over.
  /// - Returns: the plan and the outputs' elements, or nil where an index was out of range; all leaves are then as they
  ///   were.
  private static func run(
    _ graph: Graph, _ leaves: [Node], donated: [Int: Storage]
  ) throws -> (plan: ExecutablePlan, storages: [Storage])? {
    let start = DebugLog.isOn ? monotonicNanoseconds() : 0
    let plan = try compiledPlan(for: graph)
    let run = PlanRun(plan)
    run.bind(elements: { donated[$0] ?? leaves[$0].storage }, value: { leaves[$0].argument })
    let log = DebugLog.isOn ? DebugLog(plan, since: start) : nil
    let isSound = try run.run(observe: log?.observer)
    log?.finish()
    return isSound ? (plan, graph.outputs.indices.map { run.storage(ofOutput: $0) }) : nil
  }

  /// Returns the plan of a graph, or nil where the evaluator is to compute.
  static func plan(for graph: Graph) throws -> ExecutablePlan? {
    if Environment.current.device == .interpreter {
      saveVisualization(Schedule(graph))
      return nil
    }
    do { return try Trace.span("record", .realize) { try compiledPlan(for: graph) } } catch let error
      where leavesNothingToRun(error)
    { return nil }
  }

  private static func compiledPlan(for graph: Graph) throws -> ExecutablePlan {
    try plans.plan(for: graph) {
      let schedule = Trace.span("schedule", .schedule) { Schedule(graph, trace: DebugLog.ruleTrace) }
      saveVisualization(schedule)
      return try KernelCompiler.shared.get().compile(schedule)
    }
  }

  /// Whether there can be no kernels for a reason that lies outside: no compiler, or no place to put them. Warns if so.
  private static func leavesNothingToRun(_ error: any Error) -> Bool {
    let isOutside =
      if case .compilerNotFound? = error as? CompileError { true } else {
        error is FileError || error is UnsafeDirectory
      }
    if isOutside { Warning.once("compiler", "\(error)\nevery tensor is computed by the evaluator, which is slow") }
    return isOutside
  }

  private static func interpret(_ graph: Graph, _ leaves: [Node], into nodes: [Node]) throws {
    saveVisualization(Schedule(graph))
    let results = try graph.evaluate(leaves: leaves.map { HostArray($0) })
    for (node, result) in zip(nodes, results) {
      let storage = try StoragePool.shared.allocate(byteCount: node.shape.elementCount * node.dtype.byteCount)
      result.write(to: storage.base)
      node.realize(into: storage)
    }
  }
}
