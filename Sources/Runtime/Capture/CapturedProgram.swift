import LazyOps

/// A captured step made ready to be done again: to bind, to launch and to hand out, without graphs.
///
/// It keeps memory for constants only. Everything else is taken when a call begins or a kernel writes it, and let go
/// after the last kernel that reads it or when the call ends. Cells that the step assigns lend it their memory.
final class CapturedProgram {
  /// What was captured.
  let step: CapturedStep
  private let places: CapturedPlaces
  private let runs: [CapturedRun]
  /// For each cell whether its memory is written over.
  private let isLent: [Bool]
  private var elements: [Storage?]
  private var scalars: [Scalar]

  /// Compiles what a step computes.
  init(_ step: CapturedStep) throws {
    let places = CapturedPlaces(step)
    (self.step, self.places) = (step, places)
    elements = Array(repeating: nil, count: places.elementCount)
    for (number, storage) in step.constants.enumerated() { elements[places.constants + number] = storage }
    scalars = Array(repeating: .integer(0), count: places.scalars) + step.scalars

    let lent = step.lendableCells
    var isLent = [Bool](repeating: false, count: step.cells.count)
    var next = places.results
    var runs: [CapturedRun] = []
    for (number, run) in step.runs.enumerated() {
      var graph = run.graph
      if number == step.runs.count - 1 {
        graph.donated = run.leaves.indices.filter { leaf in
          if case .cell(let cell) = run.leaves[leaf] { lent.contains(cell) } else { false }
        }
      }
      runs.append(
        try CapturedRun(
          graph, elements: run.leaves.map(places.element), scalars: run.leaves.map(places.scalar),
          results: next..<next + run.results))
      next += run.results
    }
    if runs.last?.hasPlan == true { for cell in lent { isLent[cell] = true } }
    (self.runs, self.isLent) = (runs, isLent)
    // What is assigned or handed out stays until the end, all else until it is read for the last time.
    var kept = Set((step.assignments.map(\.value) + step.outputs.map(\.value)).compactMap(places.element))
    for run in runs.reversed() {
      for case let place? in run.elements + run.results.map(Optional.some)
      where place >= places.results && kept.insert(place).inserted {
        run.lastReads.append(place)
      }
    }
  }

  /// Does the step for other inputs, which are as those captured, and returns the elements of its outputs. Cells are
  /// assigned when everything is computed: if this throws they are as they were.
  func callAsFunction(_ inputs: [Tensor]) throws -> [Storage] {
    for (number, generator) in step.generators.enumerated() {
      let key = generator.nextKey()
      scalars[places.draws + 2 * number] = .integer(Int64(key.0))
      scalars[places.draws + 2 * number + 1] = .integer(Int64(key.1))
    }
    for (number, source) in step.sources.enumerated() {
      for (place, value) in zip(places.sources[number], source.nextScalars()) { scalars[place] = .real(value) }
    }
    return try compute(inputs).outputs
  }

  /// Does the step with the numbers that a body has drawn and taken from sources, and returns the elements of its outputs
  /// and those of all results.
  func callAsFunction(
    _ inputs: [Tensor], with known: [Origin: Scalar]
  ) throws -> (outputs: [Storage], results: [Storage]) {
    for (origin, value) in known { if let place = places.scalar(origin) { scalars[place] = value } }
    return try compute(inputs, keepingResults: true)
  }

  /// Binds inputs and cells, runs everything and assigns the cells.
  private func compute(
    _ inputs: [Tensor], keepingResults: Bool = false
  ) throws -> (outputs: [Storage], results: [Storage]) {
    defer { forget() }
    for (number, tensor) in inputs.enumerated() {
      if step.scalarInputs[number] { scalars[number] = tensor.scalar } else { elements[number] = tensor.node.storage }
    }
    var lent: [Int] = []
    do {
      for (number, cell) in step.cells.enumerated() where !isLent[number] {
        elements[places.cells + number] = try cell.elements
      }
      for (number, cell) in step.cells.enumerated() where isLent[number] {
        elements[places.cells + number] = try cell.lendElements()
        lent.append(number)
      }
      for run in runs {
        try run(&elements, scalars)
        if !keepingResults { for place in run.lastReads { elements[place] = nil } }
      }
    } catch {
      for cell in lent { step.cells[cell].assign(elements: elements[places.cells + cell]!) }
      for source in step.sources.reversed() { source.undoScalars() }
      throw error
    }
    for assignment in step.assignments { step.cells[assignment.cell].assign(elements: element(assignment.value)) }
    return (step.outputs.map { element($0.value) }, keepingResults ? elements[places.results...].map { $0! } : [])
  }

  private func element(_ origin: Origin) -> Storage {
    guard let place = places.element(origin), let storage = elements[place] else {
      preconditionFailure("bug: nothing was computed for \(origin)")
    }
    return storage
  }

  /// Lets go of all but the constants.
  private func forget() {
    for place in 0..<places.constants { elements[place] = nil }
    for place in places.results..<places.elementCount { elements[place] = nil }
  }
}

extension CapturedStep {
  /// The cells whose memory the last schedule may write over: they are assigned, and what was in them is neither handed
  /// out nor put in a cell. In the last one all that can fail comes before anything is written over.
  fileprivate var lendableCells: Set<Int> {
    guard let last = runs.last else { return [] }
    var counts: [Int: Int] = [:]
    for case .cell(let cell) in last.leaves { counts[cell, default: 0] += 1 }
    let kept = assignments.map(\.value) + outputs.map(\.value)
    return Set(assignments.map(\.cell)).filter { counts[$0] == 1 && !kept.contains(.cell($0)) }
  }
}
