import LazyOps

/// A schedule of a captured step, bound anew in each call.
final class CapturedRun {
  private let captured: CapturedStep.Run
  private let run: PlanRun?
  /// For each leaf its place among the step's elements, or -1 where it is a scalar.
  let elements: [Int]
  private let scalars: [Int]
  /// The places of the results.
  let results: Range<Int>
  /// The places nobody reads after this run.
  var lastReads: [Int] = []

  init(_ captured: CapturedStep.Run, elements: [Int], scalars: [Int], results: Range<Int>) {
    self.captured = captured
    run = captured.plan.map { PlanRun($0) }
    (self.elements, self.scalars, self.results) = (elements, scalars, results)
  }

  /// Computes the results from the step's elements and scalars.
  func callAsFunction(_ storages: inout [Storage?], _ values: [Scalar]) throws {
    if let run {
      try launch(run, &storages, values)
    } else {
      for (place, array) in zip(results, try evaluate(storages, values)) {
        let storage = try StoragePool.shared.allocate(byteCount: array.shape.elementCount * array.dtype.byteCount)
        array.write(to: storage.base)
        storages[place] = storage
      }
    }
    for place in lastReads { storages[place] = nil }
  }

  private func launch(_ run: PlanRun, _ storages: inout [Storage?], _ values: [Scalar]) throws {
    let start = DebugLog.isOn ? monotonicNanoseconds() : 0
    defer { run.release() }
    run.bind(
      elements: { elements[$0] < 0 ? nil : storages[elements[$0]] },
      value: { scalars[$0] < 0 ? nil : values[scalars[$0]] })
    let log = DebugLog(run.plan, since: start)
    let isSound = try run.run(observe: log.observer)
    log.finish()
    if !isSound {
      // The kernels know only that some index was wrong; the evaluator finds it and throws.
      _ = try evaluate(storages, values)
      preconditionFailure("bug: a kernel reported an index out of range where there is none")
    }
    for (position, place) in results.enumerated() { storages[place] = run.storage(ofOutput: position) }
  }

  private func evaluate(_ storages: [Storage?], _ values: [Scalar]) throws -> [HostArray] {
    let leaves = captured.graph.leaves.enumerated().map { position, id in
      let node = captured.graph.nodes[id]
      if elements[position] < 0 { return HostArray(values[scalars[position]], node.shape, node.dtype) }
      guard let storage = storages[elements[position]] else { preconditionFailure("bug: a leaf without elements") }
      return HostArray(UnsafeRawBufferPointer(start: storage.base, count: storage.byteCount), node.shape, node.dtype)
    }
    return try captured.graph.evaluate(leaves: leaves)
  }
}
