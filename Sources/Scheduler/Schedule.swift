package import LazyOps

/// A graph as ordered kernels over numbered buffers: every movement op has become an index expression, every value has
/// a home. It knows nothing of C, vector widths or threads.
package struct Schedule: Sendable {
  /// The graph that is scheduled, after simplification.
  package var graph: Graph
  /// The memory that values live in between kernels.
  package var buffers: [Buffer]
  /// The kernels, each after those whose results it reads.
  package var kernels: [Kernel]
  /// For each output of the graph, its buffer.
  package var outputs: [Int]
  /// The scalars handed over at run time.
  package var arguments: [Argument]
  /// Where the temporaries lie in one block of memory.
  package var memory: MemoryPlan
}

/// A scalar that a schedule takes at run time.
package struct Argument: Hashable, Sendable {
  /// Its position among the graph's leaves.
  package var leaf: Int
  package var dtype: DType
}

/// Contiguous memory for the elements of one graph node, in row-major order.
package struct Buffer: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// Memory of the graph's leaf at that position; only read.
    case leaf(Int)
    /// Memory that outlives the run.
    case output
    /// Memory for the time between two kernels.
    case temporary
  }

  package var node: Graph.ID
  package var kind: Kind
  package var shape: Shape
  package var dtype: DType

  /// The bytes its elements take.
  package var byteCount: Int { shape.elementCount * dtype.byteCount }
}

/// One fused kernel: stages that run one after the other for every point of a grid.
///
/// Points of the grid are independent of each other, so they can be shared among threads in any way. A stage computes
/// values for all indices of its own ranges; scratch carries them to later stages at the same point.
package struct Kernel: Hashable, Sendable {
  /// The outer ranges, shared among threads.
  package var grid: [IndexVariable]
  package var stages: [Stage]
  /// The kernel's own arrays, one each for every point of the grid; stages name them by number.
  package var scratch: [Scratch]
  /// The buffers it touches, by number in the schedule; places name them by position here.
  package var buffers: [Int]
  /// The scalar arguments it reads, by number in the schedule; instructions name them by position here.
  package var arguments: [Int]
  /// The graph nodes that have a home in this kernel, in the order in which they are computed.
  package var members: [Graph.ID]
  /// Why values this kernel reads were not computed in it: a line a value.
  package var boundaries: [String]
  /// The first index variable nobody uses.
  package var nextVariable: Int

  /// The number of points of the grid.
  package var gridPoints: Int { grid.reduce(1) { $0 * $1.extent } }
}

/// A kernel's own array: the values of one graph node at one point of the grid, over the axes the grid leaves free.
package struct Scratch: Hashable, Sendable {
  package var dtype: DType
  package var extents: [Int]

  /// The bytes its elements take.
  package var byteCount: Int { extents.reduce(dtype.byteCount, *) }
}

/// One pass over index ranges inside a kernel.
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
    /// Adds the value to the place, one index after the other in row-major order.
    case add(Place, Value)

    /// The result with other value numbers and index variables replaced.
    package func map(values: (Value) -> Value, replacing replace: (IndexVariable) -> Index?) -> Result {
      switch self {
      case .store(let place, let value): .store(place.substituting(replace), values(value))
      case .reduce(let op, let value, let place): .reduce(op, values(value), place.substituting(replace))
      case .add(let place, let value): .add(place.substituting(replace), values(value))
      }
    }

    /// Where the result goes.
    package var place: Place {
      switch self {
      case .store(let place, _), .reduce(_, _, let place), .add(let place, _): place
      }
    }
  }
}

extension IndexVariable {
  /// The number of values a range takes; it counts from 0.
  package var extent: Int { bounds.upperBound + 1 }
}
