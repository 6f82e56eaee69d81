import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

struct LoopVerifyTests {
  @Test func acceptsGoodPrograms() {
    for program in [softmaxProgram(3, 5), matmulProgram(2, 3, 4), sumProgram(9)] { #expect(program.verify() == nil) }
  }

  /// Builds a small program around what `body` adds, and returns what is wrong with it.
  private func fault(_ kind: Loop.Kind = .serial, _ body: (inout LoopBuilder, Index) -> Void) -> String {
    var b = LoopBuilder("small")
    _ = b.buffer("x", 32)
    _ = b.buffer("y", 32, isWritten: true)
    _ = b.local("acc")
    _ = b.local("wide", [2, 8])
    b.loop("i", 8, kind, body)
    return b.finished.verify() ?? "none"
  }

  @Test func valuesAreDefinedOnceAndInScope() {
    #expect(fault { b, i in b.emit(.store(.buffer(1, i), 7)) }.contains("v7 is not defined here"))
    #expect(
      fault { b, i in
        var inner = 0
        b.loop("j", 2) { b, j in inner = b.real(1) }
        b.emit(.store(.buffer(1, i), inner))
      }.contains("v0 is not defined here"))
    #expect(
      fault { b, i in
        let v = b.real(1)
        b.emit(.define(v, .constant(.real(2))))
      }.contains("defined twice"))
  }

  @Test func variablesAreIntroducedOnceAndInScope() {
    let stranger = Index.variable(IndexVariable(id: 0, extent: 3))
    var b = LoopBuilder("outside")
    let y = b.buffer("y", 8, isWritten: true)
    let v = b.real(1)
    b.emit(.store(.buffer(y, stranger), v))
    b.loop("i", 3) { b, i in b.emit(.store(.buffer(y, i), v)) }
    #expect(b.finished.verify()?.contains("does not exist here") == true)

    var twice = sumProgram(4)
    twice.body.append(twice.body[2])
    #expect(twice.verify()?.contains("twice") == true)
  }

  @Test func typesFit() {
    #expect(fault { b, i in _ = b.define(.constant(.integer(1))) }.contains("types"))
    #expect(fault { b, i in _ = b.define(.load(.buffer(0, i), .always), .float64) }.contains("types"))
    #expect(fault { b, i in _ = b.define(.binary(.less, b.real(1), b.real(2))) }.contains("types"))
    #expect(fault { b, i in _ = b.define(.unary(.sin, b.define(.index(i), .int32)), .int32) }.contains("types"))
    #expect(fault { b, i in _ = b.define(.bitcast(b.real(1)), .int64) }.contains("types"))
    #expect(fault { b, i in _ = b.define(.argument(0)) }.contains("types"))
    #expect(fault { b, i in b.emit(.store(.buffer(1, i), b.define(.index(i), .int32))) }.contains("differ in type"))
    #expect(fault { b, i in _ = b.bind(b.real(1), 0...3) }.contains("no integer"))
  }

  @Test func placesAreInRange() {
    #expect(fault { b, i in _ = b.load(.buffer(0, i * 4)) } == "none")
    #expect(fault { b, i in _ = b.load(.buffer(0, i * 5)) }.contains("outside 0..<32"))
    #expect(fault { b, i in _ = b.load(.buffer(0, i - 1)) }.contains("outside"))
    #expect(fault { b, i in _ = b.load(.buffer(0, i - 1), if: Mask(i, in: 1..<8)) } == "none")
    #expect(fault { b, i in _ = b.load(.buffer(0, i * 5), if: Mask(i, in: 0..<7)) } == "none")
    #expect(fault { b, i in _ = b.load(.buffer(0, i * 5), if: Mask(i, in: 1..<8)) }.contains("outside"))
    #expect(fault { b, i in _ = b.load(.local(1, [.constant(2), i])) }.contains("outside 0..<2"))
    #expect(fault { b, i in _ = b.load(.local(1, [i])) }.contains("1 indices for 2 extents"))
    #expect(fault { b, i in b.emit(.store(.buffer(0, i), b.real(0))) }.contains("only read"))
    #expect(fault { b, i in b.branch(Condition(i, in: 0..<4)) { b in _ = b.load(.buffer(0, i * 10)) } } == "none")
  }

  @Test func countsOfClampedLoopsBoundSums() {
    func tiles(_ n: Int) -> String {
      fault { b, i in
        b.loop("o", 4) { b, o in
          b.loop("t", .min(.constant(8), .constant(n) - o * 8), extent: 8) { b, t in _ = b.load(.buffer(0, o * 8 + t)) }
        }
      }
    }
    #expect(tiles(32) == "none")
    #expect(tiles(30) == "none")
    #expect(tiles(33) == "none")
    func shifted(_ shift: Int) -> String {
      fault { b, i in
        b.loop("o", 4) { b, o in
          b.loop("t", .min(.constant(8), .constant(27) - o * 8), extent: 8) { b, t in
            _ = b.load(.buffer(0, o * 8 + t + shift))
          }
        }
      }
    }
    #expect(shifted(5) == "none")
    #expect(shifted(6).contains("outside 0..<32"))
  }

  /// Rows of seven elements, eight apart, in pieces of four: an odd piece has three.
  @Test func piecesOfRowsEndWithTheirRow() {
    func shifted(_ shift: Int) -> String {
      fault { b, i in
        b.loop("o", 8) { b, o in
          b.loop("t", .min(.constant(4), .constant(7) - o.modulo(2) * 4), extent: 4) { b, t in
            _ = b.load(.buffer(0, o * 4 + t + shift))
          }
        }
      }
    }
    #expect(shifted(1) == "none")
    #expect(shifted(2).contains("outside 0..<32"))
  }

  @Test func vectorTurnsAreIndependent() {
    #expect(fault(.vector) { b, i in b.emit(.store(.buffer(1, i), b.load(.buffer(0, i)))) } == "none")
    #expect(fault(.vector) { b, i in b.emit(.store(.buffer(1, i * 4 + 3), b.load(.buffer(1, i * 4 + 3)))) } == "none")
    #expect(fault(.vector) { b, i in b.emit(.store(.buffer(1, i), b.load(.buffer(1, i + 8)))) } == "none")
    #expect(fault(.vector) { b, i in b.emit(.store(.buffer(1, i), b.load(.buffer(1, i + 7)))) }.contains("share"))
    #expect(fault(.vector) { b, i in b.emit(.store(.buffer(1, .constant(0)), b.real(1))) }.contains("share"))
    #expect(fault(.vector) { b, i in b.emit(.accumulate(.local(0, []), .sum, b.real(1))) }.contains("share"))
    #expect(fault(.vector) { b, i in b.emit(.accumulate(.local(1, [.constant(0), i]), .sum, b.real(1))) } == "none")
    #expect(fault(.vector) { b, i in b.emit(.store(.buffer(1, i.floorDivide(by: 2)), b.real(1))) }.contains("share"))
    // Rows apart, whatever the columns are; overlapping rows not.
    func rows(_ stride: Int) -> String {
      fault(.vector) { b, i in
        b.loop("j", 4) { b, j in b.emit(.accumulate(.buffer(1, i * stride + j), .sum, b.real(1))) }
      }
    }
    #expect(rows(4) == "none")
    #expect(rows(3).contains("share"))
    // The digits of a number tell its turns apart, if all of them are there.
    #expect(
      fault(.vector) { b, i in
        b.emit(.store(.buffer(1, i.floorDivide(by: 4) * 10 + i.modulo(4)), b.real(1)))
      } == "none")
    #expect(
      fault(.vector) { b, i in
        b.emit(.store(.buffer(1, i.floorDivide(by: 4) * 10 + i.modulo(2)), b.real(1)))
      }.contains("share"))
  }

  @Test func aBoundIndexSharesElements() {
    #expect(
      fault(.vector) { b, i in
        let n = b.bind(b.define(.index(i), .int32), 0...7)
        b.emit(.store(.buffer(1, n), b.real(1)))
      }.contains("share"))
  }

  @Test func parallelLoopsAreOutermostAndOwnTheirLocals() {
    #expect(fault { b, i in b.loop("j", 2, .parallel) { b, j in } }.contains("not outermost"))
    #expect(fault(.parallel) { b, i in b.emit(.store(.local(0, []), b.real(1))) } == "none")
    var b = LoopBuilder("leak")
    let acc = b.local("acc")
    b.emit(.store(.local(acc, []), b.real(1)))
    b.loop("i", 3, .parallel) { b, i in _ = b.load(.local(acc, [])) }
    #expect(b.finished.verify()?.contains("inside and outside a parallel loop") == true)
  }

  @Test func unrolledLoopsAndLanesHaveConstantCounts() {
    #expect(fault { b, i in b.loop("j", i, extent: 8, .unrolled) { b, j in } }.contains("constant count"))
    #expect(fault { b, i in b.loop("j", 3, .lanes) { b, j in } }.contains("power of two"))
  }

  @Test func lanesDoWhatARegisterCan() {
    func lanes(_ body: (inout LoopBuilder, Index, Index) -> Void) -> String {
      fault { b, i in b.loop("j", 8, .lanes) { b, j in body(&b, i, j) } }
    }
    #expect(
      lanes { b, i, j in
        let (p, q) = (b.load(.buffer(0, j + 3)), b.load(.buffer(0, i)))
        b.emit(.multiplyAdd(.local(1, [.constant(1), j]), p, q))
      } == "none")
    #expect(lanes { b, i, j in _ = b.load(.buffer(0, j * 2)) }.contains("lanes cannot"))
    #expect(lanes { b, i, j in b.emit(.store(.buffer(1, j), b.load(.local(1, [.constant(0), j])))) } == "none")
    #expect(lanes { b, i, j in b.emit(.store(.buffer(1, j * 2), b.real(0))) }.contains("lanes cannot"))
    #expect(lanes { b, i, j in _ = b.unary(.exp, b.real(1)) }.contains("lanes cannot"))
  }
}
