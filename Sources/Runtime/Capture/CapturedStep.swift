import LazyOps

/// Where a leaf of a captured schedule, an assigned value or an output comes from.
enum Origin: Hashable {
  /// An input's elements, by the number of the tensor among the inputs.
  case input(Int)
  /// What is in a cell when the call begins.
  case cell(Int)
  /// What a schedule of the call has computed; results are counted through all of them.
  case result(Int)
  /// A tensor from outside, or made inside from Swift values that were the same each time.
  case constant(Int)
  /// An input that is handed over as a scalar.
  case scalarInput(Int)
  /// A word of the key of a random draw.
  case draw(Int, word: Int)
  /// A number of a source's step.
  case sourceScalar(Int, Int)
  /// A scalar made inside that was the same each time.
  case scalar(Int)

  /// Whether it gives a scalar and not elements.
  var isScalar: Bool {
    switch self {
    case .input, .cell, .result, .constant: false
    case .scalarInput, .draw, .sourceScalar, .scalar: true
    }
  }
}

/// What one call of a captured function did: all that is needed to do it again, and to tell whether another call did the
/// same.
struct CapturedStep {
  /// A schedule to compute.
  struct Run {
    let graph: Graph
    /// For each leaf of the graph where it came from.
    let leaves: [Origin]
    /// The number of results.
    let results: Int
  }

  /// A cell that was assigned.
  struct Assignment: Equatable {
    let cell: Int
    let value: Origin
  }

  /// A tensor that was returned.
  struct Output: Equatable {
    let shape: Shape
    let dtype: DType
    let value: Origin
  }

  let inputParts: [PartVisitor.Part]
  let outputParts: [PartVisitor.Part]
  /// For each tensor of the inputs whether it is handed over as a scalar.
  let scalarInputs: [Bool]
  let cells: [TensorCell]
  /// What was drawn from, a draw after the other.
  let generators: [RandomGenerator]
  /// The sources whose steps were taken, one after the other.
  let sources: [any ScalarSource]
  var runs: [Run] = []
  var constants: [Storage] = []
  var scalars: [Scalar] = []
  var assignments: [Assignment] = []
  var outputs: [Output] = []

  /// Says in what another call of the same function did another thing, and what to do about it; nil where it did the
  /// same.
  func difference(from other: CapturedStep) -> String? {
    if outputParts != other.outputParts {
      return "it returned another structure: \(outputParts), then \(other.outputParts)"
    }
    if let difference = graphDifference(from: other) { return difference }
    if !cells.elementsEqual(other.cells, by: ===) {
      return "it read or assigned other parameters or cells"
    }
    if assignments != other.assignments { return "it assigned other values to its parameters or cells" }
    if !generators.elementsEqual(other.generators, by: ===) {
      return
        "the number of its random draws was \(generators.count), then \(other.generators.count), or they were from "
        + "another generator"
    }
    if !sources.elementsEqual(other.sources, by: ===) { return "it took steps of other optimizers" }
    return leafDifference(from: other)
  }

  private func graphDifference(from other: CapturedStep) -> String? {
    if runs.count != other.runs.count {
      return
        "the number of its schedules was \(runs.count), then \(other.runs.count): what is pending outside may have "
        + "been computed in the first call; realize it before"
    }
    for (run, next) in zip(runs, other.runs) where run.graph != next.graph {
      let pairs = zip(run.graph.nodes, next.graph.nodes)
      guard let (node, now) = pairs.first(where: { $0 != $1 }) else {
        return "it computed \(run.graph.nodes.count) nodes, then \(next.graph.nodes.count)"
      }
      if case .constant(let old) = node.op, case .constant(let new) = now.op, old != new {
        return "a Swift number in it was \(old), then \(new) (\(node.dtype)\(node.shape)); \(CapturedStep.advice)"
      }
      return "it computed \(node.op) -> \(node.dtype)\(node.shape), then \(now.op) -> \(now.dtype)\(now.shape), at the "
        + "same place; capture a function for each case"
    }
    return nil
  }

  private func leafDifference(from other: CapturedStep) -> String? {
    for (old, new) in zip(scalars, other.scalars) where old != new {
      return "an argument made in it was \(old), then \(new); \(CapturedStep.advice)"
    }
    for (run, next) in zip(runs, other.runs) where run.leaves != next.leaves { return CapturedStep.movedLeaf }
    if outputs != other.outputs || scalars.count != other.scalars.count || constants.count != other.constants.count {
      return CapturedStep.movedLeaf
    }
    for (old, new) in zip(constants, other.constants) where old !== new && !old.hasSameBytes(as: new) {
      return "a tensor made in it or taken from outside had other elements the second time; pass it as an input, or "
        + "keep it in a TensorCell"
    }
    return nil
  }

  private static let advice = "pass it as an input: a function of a Tensor can be called with a number"
  private static let movedLeaf =
    "a tensor came from another place the second time (an input, a cell, an earlier result or outside); pass tensors "
    + "that change as inputs, or keep them in a TensorCell"
}

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Storage {
  fileprivate func hasSameBytes(as other: Storage) -> Bool {
    byteCount == other.byteCount && memcmp(base, other.base, byteCount) == 0
  }
}
