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
  /// For each output, the shape it is asked for in; its buffer has as many elements.
  package var outputShapes: [Shape]
  /// The scalars handed over at run time.
  package var arguments: [Argument]
  /// The scalars that are used as indices: each must be from 0 to its extent - 1 before any kernel runs.
  package var indexChecks: [IndexCheck]
  /// Where the temporaries lie in one block of memory.
  package var memory: MemoryPlan
}

/// A scalar that a schedule takes at run time.
package struct Argument: Hashable, Sendable {
  /// Its position among the graph's leaves.
  package var leaf: Int
  package var dtype: DType
  /// The largest number it can be, where it is a length.
  package var bound: Int?
}

/// A check on a scalar that kernels use as an index.
package struct IndexCheck: Hashable, Sendable {
  /// The scalar's number in the schedule.
  package var argument: Int
  /// The extent of the axis.
  package var extent: Int
}

/// Contiguous memory for the elements of one graph node, in row-major order.
package struct Buffer: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    /// Memory of the graph's leaf at that position; only read, unless another buffer takes it over.
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
  /// The buffer whose memory this one takes over: until it is written, its elements are those of that one, which is read
  /// by nobody from then on.
  package var over: Int?

  /// The bytes its elements take.
  package var byteCount: Int { shape.elementCount * dtype.byteCount }
}

/// What is launched at once: phases that run one after the other, each of independent sections.
///
/// Between two phases stands a grid barrier: all points of all sections of a phase are done before the next begins.
/// Most kernels are a single section. Several stand side by side where that saves launches or passes over memory; a
/// further phase finishes what threads have done in parts.
package struct Kernel: Hashable, Sendable {
  package var phases: [[Section]]

  /// The sections of all phases, in order.
  package var sections: [Section] { phases.flatMap { $0 } }

  /// The graph nodes that have a home in the kernel, in the order in which they are computed.
  package var members: [Graph.ID] {
    var seen: Set<Graph.ID> = []
    return sections.flatMap(\.members).filter { seen.insert($0).inserted }
  }

  /// The schedule's numbers of the buffers the kernel touches, each once.
  package var buffers: [Int] {
    var seen: Set<Int> = []
    return sections.flatMap(\.buffers).filter { seen.insert($0).inserted }
  }

  /// The schedule's numbers of the buffers that others write before the kernel runs, though it does not read them.
  package var awaited: [Int] { sections.flatMap(\.awaited) }

  /// The schedule's numbers of the buffers the kernel writes.
  package var writtenBuffers: Set<Int> { sections.reduce(into: []) { $0.formUnion($1.writtenBuffers) } }
}
