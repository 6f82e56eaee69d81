import LazyOps

/// A schedule of a captured step, bound anew in each call.
final class CapturedRun {
  private let graph: Graph
  private let run: PlanRun?
  /// For each leaf its place among the step's elements, nil where it is a scalar.
  let elements: [Int?]
  /// For each leaf its place among the step's scalars, nil where it has elements.
  private let scalars: [Int?]
  /// The places of the results.
  let results: Range<Int>
  /// The places nobody reads after this run.
  var lastReads: [Int] = []

  /// Creates the run of a graph. The memory of leaves that it has marked as donated is written over.
  init(_ graph: Graph, elements: [Int?], scalars: [Int?], results: Range<Int>) throws {
    self.graph = graph
    run = try Realizer.plan(for: graph).map { PlanRun($0) }
    (self.elements, self.scalars, self.results) = (elements, scalars, results)
  }

  /// Computes the results from the step's elements and scalars.
  func callAsFunction(_ storages: inout [Storage?], _ values: [Scalar]) throws {
    if Environment.current.nanCheck { try NaNCheck.run(graph, leaves: leaves(storages, values)) }
    if let run {
      try Trace.span("captured realize", .realize) { try launch(run, &storages, values) }
    } else {
      for (place, array) in zip(results, try evaluate(storages, values)) {
        let storage = try StoragePool.shared.allocate(byteCount: array.shape.elementCount * array.dtype.byteCount)
        array.write(to: storage.base)
        storages[place] = storage
      }
    }
  }

  /// Whether kernels compute, and not the evaluator.
  var hasPlan: Bool { run != nil }

  private func launch(_ run: PlanRun, _ storages: inout [Storage?], _ values: [Scalar]) throws {
    let start = DebugLog.isOn ? monotonicNanoseconds() : 0
    defer { run.release() }
    run.bind(
      elements: { leaf in elements[leaf].flatMap { storages[$0] } },
      value: { leaf in scalars[leaf].map { values[$0] } })
    let digest =
      Environment.current.digestPath == nil
      ? nil : ResultDigest(graph, leaves: leaves(storages, values))
    let log = DebugLog.isOn ? DebugLog(run.plan, since: start) : nil
    let isSound = try run.run(observe: log?.observer)
    log?.finish()
    if !isSound {
      // The kernels know only that some index was wrong; the evaluator finds it and throws.
      _ = try evaluate(storages, values)
      preconditionFailure("bug: a kernel reported an index out of range where there is none")
    }
    for (position, place) in results.enumerated() { storages[place] = run.storage(ofOutput: position) }
    digest?.record(
      zip(graph.outputs, results).map { output, place in leaf(output, storages[place], nil) })
  }

  /// Returns nodes for the graph's leaves, bound.
  private func leaves(_ storages: [Storage?], _ values: [Scalar]) -> [Node] {
    graph.leaves.enumerated().map { position, id in
      leaf(id, elements[position].flatMap { storages[$0] }, scalars[position].map { values[$0] })
    }
  }

  /// Returns a node like one of the graph, bound.
  private func leaf(_ id: Graph.ID, _ storage: Storage?, _ value: Scalar?) -> Node {
    let node = graph.nodes[id]
    return Node(
      storage == nil ? node.op : .buffer, shape: node.shape, dtype: node.dtype, argument: value, storage: storage)
  }

  private func evaluate(_ storages: [Storage?], _ values: [Scalar]) throws -> [HostArray] {
    try graph.evaluate(leaves: leaves(storages, values).map { HostArray($0) })
  }
}
