import LazyOps
import TestSupport
import Testing

/// What a fuzzing campaign tries.
@Suite struct FuzzCaseTests {
  @Test func oneNumberIsOneCase() {
    let texts = (0..<20).map { FuzzCase.make(seed: 5, number: $0).description }
    #expect(texts == (0..<20).map { FuzzCase.make(seed: 5, number: $0).description })
    #expect(Set(texts).count == 20)
    #expect(texts[0] != FuzzCase.make(seed: 6, number: 0).description)
  }

  @Test func casesAreSoundAndCoverAllOpsAndTypes() {
    var ops: Set<Substring> = []
    var dtypes: Set<DType> = []
    var steps = 0
    for number in 0..<1200 {
      let trial = FuzzCase.make(seed: 0, number: number)
      #expect(trial.graph.fault == nil)
      #expect(trial.leaves.map(\.dtype) == trial.graph.leaves.map { trial.graph.nodes[$0].dtype })
      ops.formUnion(trial.graph.nodes.map { "\($0.op)".prefix { $0 != "(" } })
      dtypes.formUnion(trial.graph.nodes.map(\.dtype))
      steps += trial.early.count
    }
    let movement: Set<Substring> = [
      "reshape", "permute", "expand", "slice", "pad", "window", "overlapAdd", "concatenate", "gather", "scatterAdd",
      "put", "update",
    ]
    let others: Set<Substring> = ["buffer", "constant", "argument", "iota", "select", "cast", "bitcast"]
    let tables =
      UnaryOp.allCases.map(\.rawValue) + BinaryOp.allCases.map(\.rawValue)
      + ReduceOp.allCases.map { "reduce_\($0)" }
    #expect(movement.union(others).union(tables.map { $0[...] }).subtracting(ops) == [])
    #expect(dtypes == Set(DType.allCases))
    #expect(steps > 50)
  }

  @Test func nodesComputeWhatTheCaseSays() throws {
    for number in 0..<30 {
      let trial = FuzzCase.make(seed: 2, number: number)
      let nodes = trial.nodes()
      let (graph, leaves) = Graph.snapshot(of: nodes.early + nodes.outputs)
      let again = try graph.evaluate(leaves: leaves.map { HostArray($0) })
      for (value, expected) in zip(again, try trial.evaluate()) {
        #expect(disagreement(value, expected, tolerance: 0) == nil)
      }
    }
  }
}
