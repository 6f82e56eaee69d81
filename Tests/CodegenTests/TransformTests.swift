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

  /// Turns that lie between each other in memory are written out side by side; others are left alone.
  @Test(arguments: [2, 3]) func shortLoopsGoIntoVectorLoopsTheyLieBetween(_ stride: Int) {
    var b = LoopBuilder("interleave")
    let (x, y) = (b.buffer("x", 5), b.buffer("y", 15, isWritten: true))
    b.loop("j", 2) { b, j in
      b.loop("i", 5, .vector) { b, i in
        b.emit(.store(.buffer(y, i * stride + j), b.load(.buffer(x, i))))
      }
    }
    var program = b.finished
    program.interleave()
    expectSame(program, b.finished)
    #expect(program.loops.map(\.kind) == (stride == 2 ? [.vector, .unrolled] : [.serial, .vector]))
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

  @Test func aLoopThatMayNotRunReplacesNothing() {
    var b = LoopBuilder("maybe")
    let (x, y) = (b.buffer("x", 4), b.buffer("y", 4, isWritten: true))
    let kept = b.local("kept")
    b.emit(.store(.local(kept, []), b.real(1)))
    b.loop("i", 4) { b, i in
      b.loop("once", Index.min(i, .constant(1)), extent: 1) { b, once in
        b.emit(.store(.local(kept, []), b.load(.buffer(x, i))))
      }
      b.emit(.store(.buffer(y, i), b.load(.local(kept, []))))
    }
    #expect(b.finished.verify() == nil && !b.finished.canDistribute(0))
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
