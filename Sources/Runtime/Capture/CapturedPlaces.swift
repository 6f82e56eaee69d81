/// Where the elements and scalars of a captured step stand in its two tables.
///
/// Elements: inputs, cells, constants, results. Scalars: inputs, random keys, the numbers of sources, constants.
struct CapturedPlaces {
  let cells: Int
  let constants: Int
  let results: Int
  let elementCount: Int
  let draws: Int
  /// The numbers of each source.
  let sources: [Range<Int>]
  let scalars: Int

  init(_ step: CapturedStep) {
    cells = step.scalarInputs.count
    constants = cells + step.cells.count
    results = constants + step.constants.count
    elementCount = results + step.runs.reduce(0) { $0 + $1.results }
    draws = step.scalarInputs.count
    var next = draws + 2 * step.generators.count
    sources = step.sources.indices.map { source in
      let used = step.runs.lazy.flatMap(\.leaves).reduce(0) { count, origin in
        if case .sourceScalar(source, let index) = origin { Swift.max(count, index + 1) } else { count }
      }
      defer { next += used }
      return next..<next + used
    }
    scalars = next
  }

  /// The place among the elements of what comes from `origin`; nil where that is a scalar.
  func element(_ origin: Origin) -> Int? {
    switch origin {
    case .input(let number): number
    case .cell(let number): cells + number
    case .constant(let number): constants + number
    case .result(let number): results + number
    case .scalarInput, .draw, .sourceScalar, .scalar: nil
    }
  }

  /// The place among the scalars of what comes from `origin`; nil where that has elements.
  func scalar(_ origin: Origin) -> Int? {
    switch origin {
    case .scalarInput(let number): number
    case .draw(let number, let word): draws + 2 * number + word
    case .sourceScalar(let source, let index): sources[source].lowerBound + index
    case .scalar(let number): scalars + number
    case .input, .cell, .constant, .result: nil
    }
  }
}
