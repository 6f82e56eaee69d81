import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

/// The transformations that leave the loops alone.
struct TransformSimplifyTests {
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

  @Test func mergingMindsWhatEarlierTurnsWrite() {
    var b = LoopBuilder("doubling")
    let y = b.buffer("y", 4, isWritten: true)
    let first = b.load(.buffer(y, .constant(0)))
    b.loop("i", 3) { b, i in
      let now = b.load(.buffer(y, .constant(0)))
      b.emit(.store(.buffer(y, .constant(0)), b.binary(.add, now, first)))
    }
    var program = b.finished
    program.mergeCommonValues()
    expectSame(program, b.finished)
  }

  /// What goes through a local within one turn is at hand; the store that nothing reads goes too.
  @Test func localsThatOnlyHandOnAreLeftOut() {
    var b = LoopBuilder("forward")
    let (x, y) = (b.buffer("x", 4), b.buffer("y", 4, isWritten: true))
    let s = b.local("s")
    b.loop("i", 4) { b, i in
      b.emit(.store(.local(s, []), b.binary(.add, b.load(.buffer(x, i)), b.real(1))))
      let read = b.load(.local(s, []))
      b.emit(.store(.buffer(y, i), b.binary(.multiply, read, read)))
    }
    var program = b.finished
    #expect(!program.canVectorize(0))
    program.tidy()
    expectSame(program, b.finished)
    #expect(program.locals.isEmpty && program.canVectorize(0), "\(program)")
  }

  /// Another turn, or another element, may have been written in between; 16-bit elements are rounded on their way.
  @Test func locals16BitAndOverwrittenOnesAreLoaded() {
    var b = LoopBuilder("keep")
    let (x, y) = (b.buffer("x", 4), b.buffer("y", 4, isWritten: true))
    let (s, t) = (b.local("s", [2]), b.local("t", [], .float16))
    b.loop("i", 4) { b, i in
      b.emit(.store(.local(s, [.constant(0)]), b.load(.buffer(x, i))))
      b.emit(.store(.local(s, [i.modulo(2)]), b.real(3)))
      b.emit(.store(.local(t, []), b.define(.cast(b.load(.local(s, [.constant(0)]))), .float16)))
      let narrow = b.define(.load(.local(t, []), .always), .float16)
      b.emit(.store(.buffer(y, i), b.define(.cast(narrow), .float32)))
    }
    var program = b.finished
    program.tidy()
    expectSame(program, b.finished)
    #expect(program.locals.count == 2, "\(program)")
  }
}
