import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

/// Accumulators split into lanes.
struct TransformAccumulatorTests {
  @Test(arguments: [8, 9, 15, 16, 37], [2, 4, 8]) func splitAccumulatorAddsInLanes(n: Int, lanes: Int) {
    for op in ReduceOp.allCases {
      var program = sumProgram(n, op)
      program.splitAccumulator(0, lanes: lanes)
      #expect(program.verify() == nil, "\(program)")
      let (got, expected) = (results(program).buffers[1][0].double, results(sumProgram(n, op)).buffers[1][0].double)
      #expect(abs(got - expected) <= 1e-5 * max(1, abs(expected)))
    }
  }

  @Test func splitAccumulatorReadsAsSaid() {
    var program = sumProgram(10)
    program.splitAccumulator(0, lanes: 4)
    program.renumber()
    #expect(
      program.bodyText == """
        v0: float32 = 0.0
        acc = v0
        for lane0 in 0..<4 (vector) {
          v1: float32 = 0.0
          acc_part[lane0] = v1
        }
        for k1 in 0..<2 {
          for k2 in 0..<4 (vector) {
            v2: float32 = load x[k1*4 + k2]
            acc_part[k2] += v2
          }
        }
        for k3 in 0..<2 (vector) {
          v3: float32 = load x[k3 + 8]
          acc_part[k3] += v3
        }
        for lane4 in 0..<2 (vector) {
          v4: float32 = load acc_part[lane4 + 2]
          acc_part[lane4] += v4
        }
        v5: float32 = load acc_part[1]
        acc_part[0] += v5
        v6: float32 = load acc_part[0]
        acc += v6
        v7: float32 = load acc
        y[0] = v7

        """)
  }

  @Test func splitAccumulatorTakesSiblingsAndStores() {
    let original = softmaxProgram(2, 21)
    var program = original
    for id in program.ids("k") where program.canSplitAccumulator(id, lanes: 8) {
      program.splitAccumulator(id, lanes: 8)
    }
    #expect(program.verify() == nil)
    let (got, expected) = (results(program).buffers[1], results(original).buffers[1])
    #expect(zip(got, expected).allSatisfy { abs($0.double - $1.double) < 1e-6 })
    #expect(got.count == 42 && program.locals.count == 4)
  }

  @Test func splitAccumulatorRefusesRunningSums() {
    var b = LoopBuilder("scan")
    let (x, y) = (b.buffer("x", 8), b.buffer("y", 8, isWritten: true))
    let acc = b.local("acc")
    b.emit(.store(.local(acc, []), b.real(0)))
    b.loop("i", 8) { b, i in
      b.emit(.accumulate(.local(acc, []), .sum, b.load(.buffer(x, i))))
      b.emit(.store(.buffer(y, i), b.load(.local(acc, []))))
    }
    #expect(!b.finished.canSplitAccumulator(0, lanes: 2))
    #expect(!sumProgram(7).canSplitAccumulator(0, lanes: 8))
    #expect(!sumProgram(9).canSplitAccumulator(0, lanes: 3))
  }
}
