import LazyOps
import LazyRuntime
import TestSupport
import Testing

/// A program over tensors that is run several times: as one lazy graph in the evaluator, which knows nothing of memory,
/// and realized step by step, with nobody or somebody else holding what could be overwritten.
final class InPlaceProgram {
  enum Mode: CaseIterable {
    /// Nothing is realized before the end; the evaluator computes it.
    case lazy
    /// Every step is realized, and only the program holds its tensors.
    case free
    /// As `free`, but copies are kept of all leaves and of all that is realized, and looked at in the end.
    case held
  }

  typealias Body = (InPlaceProgram) throws -> [Tensor]

  let mode: Mode
  private var kept: [Tensor] = []
  private var leafCount = 0

  private init(_ mode: Mode) { self.mode = mode }

  /// A leaf of numbers no two of which are equal, in memory of its own.
  func leaf(_ shape: Shape, _ dtype: DType = .float32) -> Tensor {
    leafCount += 1
    let numbers = (0..<shape.elementCount).map { Double(100 * leafCount + $0) }
    let leaf = Tensor(shape: shape, dtype == .bool ? numbers.map { Double(Int($0) % 3 % 2) } : numbers, dtype: dtype)
    keep(leaf)
    return leaf
  }

  /// Realizes tensors together.
  func realize(_ tensors: Tensor...) throws {
    if mode != .lazy { try Tensor.tryRealize(tensors) }
    for tensor in tensors { keep(tensor) }
  }

  private func keep(_ tensor: Tensor) { if mode != .free { kept.append(tensor) } }

  /// Checks programs, each with what is special about it.
  static func check(_ cases: [(name: String, body: Body)], sourceLocation: SourceLocation = #_sourceLocation) throws {
    for (name, body) in cases { try check(name, body, sourceLocation: sourceLocation) }
  }

  /// Runs the program in all modes and compares all results, and all that was kept.
  static func check(_ name: String, _ body: Body, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var expected: [HostArray] = []
    var resultCount = 0
    for mode in Mode.allCases {
      let program = InPlaceProgram(mode)
      let results = try body(program)
      let tensors = results + program.kept
      if mode == .lazy {
        let (graph, leaves) = Graph.snapshot(of: tensors.map(\.node))
        expected = try graph.evaluate(leaves: leaves.map { HostArray($0) })
        resultCount = results.count
        continue
      }
      try Tensor.tryRealize(results)
      let wanted = mode == .free ? expected.prefix(resultCount) : expected[...]
      #expect(tensors.count == wanted.count, "\(name), \(mode)", sourceLocation: sourceLocation)
      for (number, (tensor, host)) in zip(tensors, wanted).enumerated() {
        let fault = disagreement(HostArray(tensor.node), host, tolerance: 1e-5)
        #expect(fault == nil, "\(name), \(mode), tensor \(number)", sourceLocation: sourceLocation)
      }
    }
  }
}
