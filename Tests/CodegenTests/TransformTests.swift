import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

/// Each transformation on a program whose result can be read.
struct TransformTests {
  private func copyProgram(_ n: Int) -> LoopProgram {
    var b = LoopBuilder("copy")
    let (x, y) = (b.buffer("x", n), b.buffer("y", n, isWritten: true))
    b.loop("i", n) { b, i in b.emit(.store(.buffer(y, i), b.load(.buffer(x, i)))) }
    return b.finished
  }

  @Test func splitWithoutATail() {
    var program = copyProgram(12)
    let (outer, inner) = program.split(0, by: 4, tail: .peeled)
    expectSame(program, copyProgram(12))
    #expect([outer.bounds, inner.bounds] == [0...2, 0...3])
    #expect(
      program.bodyText == """
        for i1 in 0..<3 {
          for i2 in 0..<4 {
            v0: float32 = load x[i1*4 + i2]
            y[i1*4 + i2] = v0
          }
        }

        """)
  }

  @Test func splitWithAPeeledTail() {
    var program = copyProgram(11)
    _ = program.split(0, by: 4, tail: .peeled)
    expectSame(program, copyProgram(11))
    #expect(
      program.bodyText == """
        for i1 in 0..<2 {
          for i2 in 0..<4 {
            v0: float32 = load x[i1*4 + i2]
            y[i1*4 + i2] = v0
          }
        }
        for i3 in 0..<3 {
          v1: float32 = load x[i3 + 8]
          y[i3 + 8] = v1
        }

        """)
  }

  @Test func splitWithAClampedTail() {
    var program = copyProgram(11)
    let (outer, inner) = program.split(0, by: 4, tail: .clamped)
    expectSame(program, copyProgram(11))
    #expect(
      program.bodyText == """
        for i1 in 0..<3 {
          for i2 in 0..<min(11 - i1*4, 4) {
            v0: float32 = load x[i1*4 + i2]
            y[i1*4 + i2] = v0
          }
        }

        """)
    // Clamped loops split again.
    _ = program.split(inner.id, by: 3, tail: .clamped)
    expectSame(program, copyProgram(11))
    _ = outer
  }

  @Test func specializeGivesFullTilesAConstantCount() {
    var program = copyProgram(11)
    let (outer, inner) = program.split(0, by: 4, tail: .clamped)
    program.specialize(inner.id, inBodyOf: outer.id)
    expectSame(program, copyProgram(11))
    #expect(program.loop(inner.id)?.count == .constant(4))
    #expect(
      program.bodyText == """
        for i1 in 0..<3 {
          if 0 <= i1 < 2 {
            for i2 in 0..<4 {
              v0: float32 = load x[i1*4 + i2]
              y[i1*4 + i2] = v0
            }
          } else {
            for i3 in 0..<min(11 - i1*4, 4) {
              v1: float32 = load x[i1*4 + i3]
              y[i1*4 + i3] = v1
            }
          }
        }

        """)
  }

  @Test(arguments: [1, 3, 4, 5, 12, 20]) func everySplitKeepsTheMeaning(factor: Int) {
    for n in [1, 4, 5, 12] {
      for tail in [Tail.peeled, .clamped] {
        var program = sumProgram(n)
        _ = program.split(0, by: factor, tail: tail)
        expectSame(program, sumProgram(n))
      }
    }
  }

  @Test func distributeGivesLocalsAnElementATurnAndInterchangeSwaps() {
    let original = matmulProgram(2, 3, 4)
    var program = original
    let parts = program.distribute(1)
    #expect(parts.count == 3)
    expectSame(program, original)
    program.interchange(parts[1].id)
    expectSame(program, original)
    program.vectorize(parts[1].id)
    program.renumber()
    expectSame(program, original)
    #expect(
      program.description == """
        kernel matmul
        buffer0 a: float32[8]
        buffer1 b: float32[12]
        buffer2 c: float32[6] written
        local acc: float32[3]
        for i0 in 0..<2 {
          for j1 in 0..<3 {
            v0: float32 = 0.0
            acc[j1] = v0
          }
          for k2 in 0..<4 {
            for j3 in 0..<3 (vector) {
              v1: float32 = load a[i0*4 + k2]
              v2: float32 = load b[k2*3 + j3]
              fma acc[j3] += v1 * v2
            }
          }
          for j4 in 0..<3 {
            v3: float32 = load acc[j4]
            v4: float32 = 0.0
            v5: float32 = maximum v3 v4
            c[i0*3 + j4] = v5
          }
        }

        """)
  }

  @Test func aTiledMatmulKeepsItsBits() {
    let original = matmulProgram(7, 9, 5)
    var program = original
    let rows = program.split(0, by: 2, tail: .clamped)
    let columns = program.split(1, by: 4, tail: .clamped)
    // i_o, i_i, j_o, j_i -> i_o, j_o, i_i, j_i
    program.interchange(rows.inner.id)
    let tile = program.distribute(columns.inner.id)
    #expect(tile.count == 3)
    let tileRows = program.distribute(rows.inner.id)
    #expect(tileRows.count == 3)
    expectSame(program, original)
    // The accumulating part: row, column, k -> k, row, column.
    let row = tileRows[1].id
    let column = program.loop(row)!.body.compactMap { statement -> Int? in
      if case .loop(let loop) = statement { return loop.variable.id }
      return nil
    }[0]
    program.interchange(column)
    program.interchange(row)
    expectSame(program, original)
    program.specialize(row, inBodyOf: columns.outer.id)
    program.specialize(column, inBodyOf: columns.outer.id)
    #expect(program.loop(row)?.count == .constant(2) && program.loop(column)?.count == .constant(4))
    program.unroll(row)
    program.useLanes(column)
    program.parallelize(rows.outer.id)
    program.hoistInvariants()
    program.mergeCommonValues()
    program.removeDeadCode()
    expectSame(program, original)
    program.renumber()
    expectSame(program, original)
  }

  @Test func distributeKeepsValuesThatAreOverwritten() {
    // The first element is read before the second part overwrites it.
    var b = LoopBuilder("swap")
    let (x, y) = (b.buffer("x", 6, isWritten: true), b.buffer("y", 6, isWritten: true))
    b.loop("i", 6) { b, i in
      let old = b.load(.buffer(x, i))
      b.loop("k", 2) { b, k in b.emit(.accumulate(.buffer(x, i), .sum, b.real(1))) }
      b.loop("k", 2) { b, k in b.emit(.accumulate(.buffer(y, i), .sum, old)) }
    }
    var program = b.finished
    let parts = program.distribute(0)
    #expect(parts.count == 2)
    #expect(program.locals.map(\.extents) == [[6]])
    expectSame(program, b.finished)
  }

  @Test func distributeRefusesWhatTurnsShare() {
    var b = LoopBuilder("carry")
    let (x, y) = (b.buffer("x", 6), b.buffer("y", 7, isWritten: true))
    let acc = b.local("acc")
    b.emit(.store(.local(acc, []), b.real(0)))
    b.loop("i", 6) { b, i in
      b.loop("k", 2) { b, k in b.emit(.accumulate(.local(acc, []), .sum, b.load(.buffer(x, i)))) }
      b.emit(.store(.buffer(y, i), b.load(.local(acc, []))))
    }
    b.loop("r", 5) { b, r in
      b.loop("k", 2) { b, k in b.emit(.accumulate(.buffer(y, r + 1), .sum, b.load(.buffer(x, r)))) }
      b.emit(.accumulate(.buffer(y, r), .sum, b.load(.buffer(x, r))))
    }
    let program = b.finished
    #expect(program.verify() == nil)
    // A running sum is carried from turn to turn; the other loop writes what its next turn reads.
    #expect(!program.canDistribute(0) && !program.canParallelize(0) && !program.canVectorize(0))
    #expect(!program.canDistribute(2) && !program.canParallelize(2))
  }

  @Test func interchangeRefusesToReorderASum() {
    var b = LoopBuilder("total")
    let (x, y) = (b.buffer("x", 6), b.buffer("y", 3, isWritten: true))
    b.loop("i", 3) { b, i in
      b.loop("j", 2) { b, j in
        b.emit(.accumulate(.buffer(y, .constant(0)), .sum, b.load(.buffer(x, i * 2 + j))))
      }
    }
    b.loop("p", 2) { b, p in
      b.loop("q", p + 1, extent: 2) { b, q in b.emit(.store(.buffer(y, p + q), b.real(1))) }
    }
    b.loop("r", 3) { b, r in
      b.loop("s", 2) { b, s in b.emit(.accumulate(.buffer(y, r), .sum, b.load(.buffer(x, r * 2 + s)))) }
    }
    var program = b.finished
    #expect(!program.canInterchange(0) && !program.canInterchange(2) && program.canInterchange(4))
    program.interchange(4)
    expectSame(program, b.finished)
    // Each turn of the collapsed loop adds in the same order.
    _ = program.collapse(0)
    expectSame(program, b.finished)
  }

  @Test func collapseMakesOneParallelLoop() {
    var b = LoopBuilder("scale")
    let (x, y) = (b.buffer("x", 15), b.buffer("y", 32, isWritten: true))
    b.loop("i", 3) { b, i in
      b.loop("j", 5) { b, j in b.emit(.store(.buffer(y, i * 8 + j), b.load(.buffer(x, i * 5 + j)))) }
    }
    var program = b.finished
    let all = program.collapse(0)
    expectSame(program, b.finished)
    program.parallelize(all.id)
    expectSame(program, b.finished)
    #expect(
      program.bodyText == """
        for i_j2 in 0..<15 (parallel) {
          v0: float32 = load x[i_j2]
          y[i_j2/5*8 + i_j2%5] = v0
        }

        """)
  }

  @Test func parallelLoopsGetLocalsOfTheirOwn() {
    let original = matmulProgram(3, 2, 4)
    var program = original
    let (_, inner) = program.split(0, by: 2, tail: .peeled)
    let tail = program.loops.first { $0.name == "i" && $0.count == .constant(1) }!.variable.id
    #expect(program.canParallelize(inner.id))
    program.parallelize(inner.id)
    #expect(program.locals.count == 2)
    program.parallelize(tail)
    expectSame(program, original)
  }

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

  @Test func hoistMovesWhatStaysTheSame() {
    var b = LoopBuilder("hoist", arguments: [.float32])
    let (x, w) = (b.buffer("x", 12), b.buffer("w", 3))
    let (y, z) = (b.buffer("y", 12, isWritten: true), b.buffer("z", 4, isWritten: true))
    b.loop("i", 3) { b, i in
      b.loop("j", 4) { b, j in
        let scale = b.binary(.multiply, b.define(.argument(0)), b.real(2))
        let weight = b.load(.buffer(w, i))
        let running = b.load(.buffer(z, i))
        let v = b.binary(.multiply, b.load(.buffer(x, i * 4 + j)), b.binary(.multiply, weight, scale))
        let w = b.binary(.add, v, b.real(1))
        b.emit(.store(.buffer(y, i * 4 + j), b.binary(.add, w, running)))
        b.emit(.store(.buffer(z, j), v))
      }
    }
    var program = b.finished
    program.hoistInvariants()
    expectSame(program, b.finished)
    program.renumber()
    #expect(
      program.bodyText == """
        v0: float32 = argument0
        v1: float32 = 2.0
        v2: float32 = multiply v0 v1
        for i0 in 0..<3 {
          v3: float32 = load w[i0]
          v4: float32 = multiply v3 v2
          for j1 in 0..<4 {
            v5: float32 = load z[i0]
            v6: float32 = load x[i0*4 + j1]
            v7: float32 = multiply v6 v4
            v8: float32 = 1.0
            v9: float32 = add v7 v8
            v10: float32 = add v9 v5
            y[i0*4 + j1] = v10
            z[j1] = v7
          }
        }

        """)
  }

  @Test func hoistLeavesLoadsThatMayNotRun() {
    var b = LoopBuilder("maybe")
    let (x, y) = (b.buffer("x", 4), b.buffer("y", 4, isWritten: true))
    b.loop("i", 5) { b, i in
      b.loop("j", .max(.constant(0), .constant(4) - i), extent: 4) { b, j in
        b.emit(.store(.buffer(y, j), b.load(.buffer(x, i), if: Mask(i, in: 0..<4))))
      }
    }
    var program = b.finished
    program.hoistInvariants()
    #expect(program == b.finished)
  }

  @Test func deadCodeAndRepeatedValuesGo() {
    var b = LoopBuilder("waste")
    let (x, y) = (b.buffer("x", 4), b.buffer("y", 4, isWritten: true))
    b.loop("i", 4) { b, i in
      let (p, q) = (b.load(.buffer(x, i)), b.load(.buffer(x, i)))
      let sum = b.binary(.add, b.unary(.sqrt, p), b.unary(.sqrt, q))
      _ = b.unary(.negate, sum)
      let before = b.load(.buffer(y, i))
      b.emit(.store(.buffer(y, i), sum))
      let after = b.load(.buffer(y, i))
      b.loop("j", 3) { b, j in _ = b.unary(.negate, before) }
      b.emit(.store(.buffer(y, i), b.binary(.add, before, after)))
    }
    var program = b.finished
    program.mergeCommonValues()
    program.removeDeadCode()
    program.renumber()
    expectSame(program, b.finished)
    #expect(
      program.bodyText == """
        for i0 in 0..<4 {
          v0: float32 = load x[i0]
          v1: float32 = sqrt v0
          v2: float32 = add v1 v1
          v3: float32 = load y[i0]
          y[i0] = v2
          v4: float32 = load y[i0]
          v5: float32 = add v3 v4
          y[i0] = v5
        }

        """)
  }

  @Test func illegalUseStopsWithTheReason() async {
    await #expect(processExitsWith: .failure) {
      var program = sumProgram(8)
      program.vectorize(0)
    }
    await #expect(processExitsWith: .failure) {
      var program = sumProgram(8)
      _ = program.split(5, by: 2, tail: .peeled)
    }
  }
}
