package import LazyOps

/// A part of a kernel: stages that run one after the other for every point of a grid.
///
/// Points of the grid are independent of each other, so they can be shared among threads in any way; but along ranges over
/// which sums are added up (`hasRowSums`) one point comes after the other. A stage computes values for all indices of
/// its own ranges; scratch carries them to later stages at the same point.
package struct Section: Hashable, Sendable {
  /// The outer ranges, shared among threads.
  package var grid: [IndexVariable]
  /// Where ranges of the grid end at run-time lengths, beyond which nothing is needed.
  package var ends: [IndexVariable: Index] = [:]
  package var stages: [Stage]
  /// The section's own arrays, one each for every point of the grid; stages name them by number.
  package var scratch: [Scratch]
  /// The buffers it touches, by number in the schedule; places name them by position here.
  package var buffers: [Int]
  /// Buffers that are to be written before, though it does not read them, by number in the schedule.
  package var awaited: [Int] = []
  /// The scalar arguments it reads, by number in the schedule; instructions name them by position here.
  package var arguments: [Int]
  /// The variables that stand for run-time lengths, once the section has some of its own: see `takingLengths`.
  package var lengths: [SectionLength] = []
  /// The graph nodes that have a home in this section, in the order in which they are computed.
  package var members: [Graph.ID]
  /// Why values this section reads were not computed in it: a line a value.
  package var boundaries: [String]
  /// The first index variable nobody uses.
  package var nextVariable: Int

  /// The number of points of the grid.
  package var gridPoints: Int { grid.reduce(1) { $0 * $1.extent } }
}

/// A variable that stands for a run-time length, and the position of the argument it is handed over as.
package struct SectionLength: Hashable, Sendable {
  package var variable: IndexVariable
  package var argument: Int
}

/// A section's own array: the values of one graph node at one point of the grid, over the axes the grid leaves free.
package struct Scratch: Hashable, Sendable {
  package var dtype: DType
  package var extents: [Int]

  /// The bytes its elements take.
  package var byteCount: Int { extents.reduce(dtype.byteCount, *) }
}

/// One pass over index ranges inside a section.
package struct Stage: Hashable, Sendable {
  /// The ranges whose every index gets a result.
  package var spatial: [IndexVariable]
  /// The ranges that `reduce` results combine over.
  package var reduced: [IndexVariable]
  /// What is computed at each index, in order.
  package var steps: [Step]
  /// The types of the values, by number.
  package var values: [DType]
  package var results: [Result]
  /// Where ranges end at run-time lengths, beyond which nothing is needed; all others run to their extents.
  package var ends: [IndexVariable: Index] = [:]

  /// The ranges of the stage, outermost first.
  package var loops: [IndexVariable] { spatial + reduced }

  /// One step of a stage.
  package enum Step: Hashable, Sendable {
    case define(Value, Instruction)
    /// Gives an index variable the number an integer value holds, checked against its bounds.
    case bind(IndexVariable, Value)
  }

  /// What a stage leaves behind.
  package enum Result: Hashable, Sendable {
    /// Stores the value at every index, reduced ranges included where the place names them.
    case store(Place, Value)
    /// Combines the value over the reduced ranges, in order, and stores that.
    case reduce(ReduceOp, Value, Place)
    /// Combines the value over the reduced range, in order, and stores what there is so far at every index of it, as an
    /// element of the place.
    case scan(ReduceOp, Value, Place)
    /// Adds the value to the place, one index after the other in row-major order.
    case add(Place, Value)
    /// Stores the value at the place, one index after the other in row-major order: the last one stays.
    case put(Place, Value)

    /// The result with other value numbers and index variables replaced.
    package func map(values: (Value) -> Value, replacing replace: (IndexVariable) -> Index?) -> Result {
      switch self {
      case .store(let place, let value): .store(place.substituting(replace), values(value))
      case .reduce(let op, let value, let place): .reduce(op, values(value), place.substituting(replace))
      case .scan(let op, let value, let place): .scan(op, values(value), place.substituting(replace))
      case .add(let place, let value): .add(place.substituting(replace), values(value))
      case .put(let place, let value): .put(place.substituting(replace), values(value))
      }
    }

    /// Whether one index after the other must leave its result.
    package var isOrdered: Bool {
      switch self {
      case .store, .reduce: false
      case .scan, .add, .put: true
      }
    }

    /// Where the result goes.
    package var place: Place {
      switch self {
      case .store(let place, _), .reduce(_, _, let place), .scan(_, _, let place), .add(let place, _),
        .put(let place, _):
        place
      }
    }
  }
}

extension IndexVariable {
  /// The variable that stands for a length in all sections of a schedule, by the number of the argument it is handed over
  /// as. Variables of sections have numbers from 0 on.
  static func length(_ argument: Int, bound: Int) -> IndexVariable {
    IndexVariable(id: -2 - argument, bounds: 1...bound)
  }

  /// The number of values a range takes; it counts from 0.
  package var extent: Int { bounds.upperBound + 1 }
}

extension Section {
  /// Returns the section with variables of its own for the run-time lengths among its arguments, `lengths`.
  package func takingLengths(in schedule: Schedule) -> Section {
    guard lengths.isEmpty else { return self }
    var section = self
    var renamed: [Int: IndexVariable] = [:]
    for (position, number) in arguments.enumerated() {
      guard let bound = schedule.arguments[number].bound else { continue }
      let variable = IndexVariable(id: section.nextVariable, bounds: 1...bound)
      section.nextVariable += 1
      renamed[IndexVariable.length(number, bound: bound).id] = variable
      section.lengths.append(SectionLength(variable: variable, argument: position))
    }
    if section.lengths.isEmpty { return self }
    let replace = { (variable: IndexVariable) in renamed[variable.id].map { Index.variable($0) } }
    for stage in stages.indices { section.stages[stage].substitute(replace) }
    section.ends = ends.mapValues { $0.substituting(replace) }
    return section
  }

  /// The schedule's numbers of the buffers the section writes.
  package var writtenBuffers: Set<Int> {
    var written: Set<Int> = []
    for stage in stages {
      for result in stage.results { if case .buffer(let buffer, _) = result.place { written.insert(buffers[buffer]) } }
    }
    return written
  }
}
