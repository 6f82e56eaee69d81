import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

struct LoopEvaluateTests {
  @Test func multipliesMatricesWithOneRounding() {
    let program = matmulProgram(2, 3, 5)
    let buffers = results(program).buffers
    let (a, b) = (buffers[0].map { Float($0.double) }, buffers[1].map { Float($0.double) })
    for i in 0..<2 {
      for j in 0..<3 {
        var sum: Float = 0
        for k in 0..<5 { sum = sum.addingProduct(a[i * 5 + k], b[k * 3 + j]) }
        #expect(buffers[2][i * 3 + j] == .real(Double(max(sum, 0))))
      }
    }
  }

  @Test func roundsEachValueToItsType() {
    let program = sumProgram(7)
    let buffers = results(program).buffers
    let sum = buffers[0].reduce(Float(0)) { $0 + Float($1.double) }
    #expect(buffers[1] == [.real(Double(sum))])
  }

  @Test func masksGiveZeroWithoutReading() {
    var b = LoopBuilder("shift")
    let (x, y) = (b.buffer("x", 5), b.buffer("y", 5, isWritten: true))
    b.loop("i", 5) { b, i in
      let v = b.load(.buffer(x, i - 2), if: Mask(i - 2, in: 0..<5))
      b.emit(.store(.buffer(y, i), v))
    }
    let buffers = results(b.finished).buffers
    #expect(b.finished.verify() == nil)
    #expect(buffers[1] == [.real(0), .real(0)] + buffers[0][..<3])
  }

  @Test func reportsTheFirstFailingIndex() {
    func gather(_ indices: [Int]) -> ([Scalar], Int) {
      var b = LoopBuilder("gather")
      let table = b.buffer("table", 4)
      let index = b.buffer("index", indices.count, .int64)
      let y = b.buffer("y", indices.count, isWritten: true)
      b.loop("i", indices.count) { b, i in
        let position = b.load(.buffer(index, i), if: .always, .int64)
        let n = b.bind(position, 0...3, failure: 2)
        b.emit(.store(.buffer(y, i), b.load(.buffer(table, n))))
      }
      #expect(b.finished.verify() == nil)
      var buffers: [[Scalar]] = [
        (0..<4).map { .real(Double($0) + 10) }, indices.map { .integer(Int64($0)) }, indices.map { _ in .real(0) },
      ]
      let failure = b.finished.evaluate(buffers: &buffers)
      return (buffers[2], failure)
    }
    #expect(gather([3, 1]) == ([.real(13), .real(11)], 0))
    #expect(gather([3, 4, -1]) == ([.real(13), .real(10), .real(10)], 2))
  }

  @Test func loopsMayCountToAnExpressionAndBranchesChoose() {
    var b = LoopBuilder("triangle")
    let y = b.buffer("y", 16, .int32, isWritten: true)
    b.loop("i", 4) { b, i in
      b.loop("j", i + 1, extent: 4) { b, j in
        b.branch(Condition(i - j, in: 1..<4)) { b in
          let number = b.define(.index(i * 10 + j), .int32)
          b.emit(.store(.buffer(y, i * 4 + j), number))
        }
      }
    }
    var buffers = [[Scalar](repeating: .integer(-1), count: 16)]
    #expect(b.finished.evaluate(buffers: &buffers) == 0)
    #expect(
      buffers[0].map(\.int64) == [-1, -1, -1, -1, 10, -1, -1, -1, 20, 21, -1, -1, 30, 31, 32, -1])
  }

  @Test func showsLoopsThatAreNotIndependentAfterAll() {
    func last(_ kind: Loop.Kind) -> Scalar {
      var b = LoopBuilder("last")
      let y = b.buffer("y", 1, .int32, isWritten: true)
      b.loop("i", 5, kind) { b, i in b.emit(.store(.buffer(y, .constant(0)), b.define(.index(i), .int32))) }
      return results(b.finished).buffers[0][0]
    }
    #expect(last(.serial) == .integer(4) && last(.unrolled) == .integer(4))
    #expect(last(.vector) == .integer(0) && last(.parallel) == .integer(0))
  }

  @Test func parallelTurnsStartWithLocalsOfTheirOwn() {
    func sums(_ kind: Loop.Kind) -> [Scalar] {
      var b = LoopBuilder("running")
      let y = b.buffer("y", 3, isWritten: true)
      let acc = b.local("acc")
      b.loop("i", 3, kind) { b, i in
        b.branch(Condition(i, in: 0..<1)) { b in b.emit(.store(.local(acc, []), b.real(0))) }
        b.branch(Condition(i, in: 2..<3)) { b in b.emit(.store(.local(acc, []), b.real(5))) }
        b.emit(.accumulate(.local(acc, []), .sum, b.real(1)))
        b.emit(.store(.buffer(y, i), b.load(.local(acc, []))))
      }
      return results(b.finished).buffers[0]
    }
    #expect(sums(.serial) == [.real(1), .real(2), .real(6)])
    let parallel = sums(.parallel)
    #expect(parallel[0] == .real(1) && parallel[1].double.isNaN && parallel[2] == .real(6))
  }

  @Test func stopsOutsideABuffer() async {
    await #expect(processExitsWith: .failure) {
      var b = LoopBuilder("wild")
      let y = b.buffer("y", 3, isWritten: true)
      b.loop("i", 4) { b, i in b.emit(.store(.buffer(y, i), b.real(1))) }
      _ = results(b.finished)
    }
  }
}
