import LazyOps

/// A captured step made ready to be done again: to bind, to launch and to hand out, without graphs.
///
/// It keeps memory for constants only. Everything else is taken when a call begins or a kernel writes it, and let go
/// after the last kernel that reads it or when the call ends.
final class CapturedProgram {
  /// What was captured.
  let step: CapturedStep
  private var runs: [CapturedRun] = []
  /// The elements of inputs, cells, constants and results, in this order.
  private var elements: [Storage?]
  /// The values of inputs, random keys, sources and constants, in this order.
  private var scalars: [Scalar]
  private let places: Places

  /// Where the kinds of elements and scalars begin.
  private struct Places {
    var cells = 0
    var constants = 0
    var results = 0
    var draws = 0
    /// One for each source.
    var sources: [Int] = []
    var scalars = 0

    func element(_ origin: Origin) -> Int? {
      switch origin {
      case .input(let number): number
      case .cell(let number): cells + number
      case .constant(let number): constants + number
      case .result(let number): results + number
      case .scalarInput, .draw, .sourceScalar, .scalar: nil
      }
    }

    func scalar(_ origin: Origin) -> Int? {
      switch origin {
      case .scalarInput(let number): number
      case .draw(let number, let word): draws + 2 * number + word
      case .sourceScalar(let source, let index): sources[source] + index
      case .scalar(let number): scalars + number
      case .input, .cell, .constant, .result: nil
      }
    }
  }

  init(_ step: CapturedStep) {
    self.step = step
    var places = Places()
    places.cells = step.scalarInputs.count
    places.constants = places.cells + step.cells.count
    places.results = places.constants + step.constants.count
    places.draws = step.scalarInputs.count
    let scalarsOfSources = step.sources.indices.map { source in
      step.runs.lazy.flatMap(\.leaves).reduce(0) { count, origin in
        if case .sourceScalar(source, let index) = origin { Swift.max(count, index + 1) } else { count }
      }
    }
    var next = places.draws + 2 * step.generators.count
    for count in scalarsOfSources {
      places.sources.append(next)
      next += count
    }
    places.scalars = next
    self.places = places
    elements = Array(repeating: nil, count: places.results + step.runs.reduce(0) { $0 + $1.results })
    for (number, storage) in step.constants.enumerated() { elements[places.constants + number] = storage }
    scalars = Array(repeating: .integer(0), count: places.scalars) + step.scalars
    sourceCounts = scalarsOfSources

    var first = places.results
    var runs: [CapturedRun] = []
    for run in step.runs {
      runs.append(
        CapturedRun(
          run, elements: run.leaves.map { places.element($0) ?? -1 },
          scalars: run.leaves.map { places.scalar($0) ?? -1 }, results: first..<first + run.results))
      first += run.results
    }
    // What is asked for after the last run stays until the end.
    var kept = Set(step.assignments.compactMap { places.element($0.value) })
    kept.formUnion(step.outputs.compactMap { places.element($0.value) })
    for run in runs.reversed() {
      for place in run.elements where place >= places.results && kept.insert(place).inserted {
        run.lastReads.append(place)
      }
      for place in run.results where !kept.contains(place) { run.lastReads.append(place) }
    }
    self.runs = runs
  }

  private let sourceCounts: [Int]

  /// Does the step for other inputs, which are as those captured, and returns the elements of its outputs. Cells are
  /// assigned when everything is computed: if this throws they are as they were.
  func callAsFunction(_ inputs: [Tensor]) throws -> [Storage] {
    defer { forget() }
    for (number, tensor) in inputs.enumerated() {
      if step.scalarInputs[number] { scalars[number] = tensor.scalar } else { elements[number] = tensor.node.storage }
    }
    for (number, cell) in step.cells.enumerated() { elements[places.cells + number] = try cell.elements }
    for (number, generator) in step.generators.enumerated() {
      let key = generator.nextKey()
      scalars[places.draws + 2 * number] = .integer(Int64(key.0))
      scalars[places.draws + 2 * number + 1] = .integer(Int64(key.1))
    }
    for (number, source) in step.sources.enumerated() {
      let values = source.nextScalars()
      for index in 0..<sourceCounts[number] { scalars[places.sources[number] + index] = .real(values[index]) }
    }
    do {
      for run in runs { try run(&elements, scalars) }
    } catch {
      for source in step.sources.reversed() { source.undoScalars() }
      throw error
    }
    for assignment in step.assignments { step.cells[assignment.cell].assign(elements: element(assignment.value)) }
    return step.outputs.map { element($0.value) }
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
    for place in places.results..<elements.count { elements[place] = nil }
  }
}
