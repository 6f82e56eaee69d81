package import LazyOps
import LazyScheduler

/// Computes pending nodes: snapshot, plan (from the cache if the structure is known), run, and hand over the storage.
package enum Realizer {
  /// Plans by structure, for the whole process.
  private static let plans = StructuralCache<ExecutablePlan>(capacity: 512)

  /// The number of plans made so far and still kept.
  package static var planCount: Int { plans.count }

  /// Realizes nodes, all in one schedule. Those realized already are left alone.
  ///
  /// Throws `OutOfMemory`, `IndexOutOfRange`, or `CompileError` where the compiler is there but fails.
  package static func realize(_ nodes: [Node]) throws {
    try realize(nodes, looksForNaN: Environment.current.nanCheck)
  }

  /// Realizes nodes, if asked for after a look for the first op that gives NaN.
  static func realize(_ nodes: [Node], looksForNaN: Bool) throws {
    try claims.withPending(nodes) { pending in
      if looksForNaN {
        let (graph, leaves) = Graph.snapshot(of: pending)
        try Recording.pausing { try NaNCheck.run(graph, leaves: leaves) }
      }
      try compute(pending)
    }
  }

  /// The nodes being realized, by any thread.
  private static let claims = NodeClaims()

  /// Computes nodes that no other thread is at.
  private static func compute(_ pending: [Node]) throws {
    let start = DebugLog.isOn ? monotonicNanoseconds() : 0
    let (graph, leaves) = Graph.snapshot(of: pending)
    if Environment.current.verify { graph.verify(after: "snapshot") }
    if Environment.current.device == .interpreter { return try interpret(graph, leaves, into: pending) }

    let plan: ExecutablePlan
    do {
      plan = try plans.plan(for: graph) {
        let schedule = Schedule(graph, trace: DebugLog.ruleTrace)
        saveVisualization(schedule)
        return try KernelCompiler.shared.get().compile(schedule)
      }
    } catch let error where Realizer.leavesNothingToRun(error) {
      Warning.once("compiler", "\(error)\nevery tensor is computed by the evaluator, which is slow")
      return try interpret(graph, leaves, into: pending)
    }
    let digest = ResultDigest(graph, leaves: leaves)
    let run = PlanRun(plan)
    run.bind(elements: { leaves[$0].storage }, value: { leaves[$0].argument })
    let log = DebugLog.isOn ? DebugLog(plan, since: start) : nil
    let isSound = try run.run(observe: log?.observer)
    log?.finish()
    if !isSound {
      // The kernels know only that some index was wrong; the evaluator finds it and throws.
      _ = try graph.evaluate(leaves: leaves.map { HostArray($0) })
      preconditionFailure("bug: a kernel reported an index out of range where there is none")
    }
    for (position, node) in pending.enumerated() { node.realize(into: run.storage(ofOutput: position)) }
    digest?.record(pending)
    Recording.current?.add(graph, plan, leaves: leaves, results: pending)
  }

  /// Whether there can be no kernels for a reason that lies outside: no compiler, or no place to put them.
  private static func leavesNothingToRun(_ error: any Error) -> Bool {
    if case .compilerNotFound? = error as? CompileError { return true }
    return error is FileError || error is UnsafeDirectory
  }

  private static func interpret(_ graph: Graph, _ leaves: [Node], into nodes: [Node]) throws {
    saveVisualization(Schedule(graph))
    let results = try graph.evaluate(leaves: leaves.map { HostArray($0) })
    for (node, result) in zip(nodes, results) {
      let storage = try StoragePool.shared.allocate(byteCount: node.shape.elementCount * node.dtype.byteCount)
      result.write(to: storage.base)
      node.realize(into: storage)
    }
    Recording.current?.add(graph, nil, leaves: leaves, results: nodes)
  }
}
