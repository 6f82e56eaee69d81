import LazyOps

/// A captured step made ready to be done again: to bind, to launch and to hand out, without graphs.
///
/// It keeps memory for constants only. Everything else is taken when a call begins or a kernel writes it, and let go
/// after the last kernel that reads it or when the call ends.
final class CapturedProgram {
  /// What was captured.
  let step: CapturedStep
  private let places: CapturedPlaces
  private let runs: [CapturedRun]
  private var elements: [Storage?]
  private var scalars: [Scalar]

  init(_ step: CapturedStep) {
    let places = CapturedPlaces(step)
    (self.step, self.places) = (step, places)
    elements = Array(repeating: nil, count: places.elementCount)
    for (number, storage) in step.constants.enumerated() { elements[places.constants + number] = storage }
    scalars = Array(repeating: .integer(0), count: places.scalars) + step.scalars

    var next = places.results
    runs = step.runs.map { run in
      defer { next += run.results }
      return CapturedRun(
        run, elements: run.leaves.map(places.element), scalars: run.leaves.map(places.scalar),
        results: next..<next + run.results)
    }
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
      for (place, value) in zip(places.sources[number], source.nextScalars()) { scalars[place] = .real(value) }
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
    for place in places.results..<places.elementCount { elements[place] = nil }
  }
}
