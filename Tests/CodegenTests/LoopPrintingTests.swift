import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

struct LoopPrintingTests {
  @Test func writesAWholeProgram() {
    #expect(
      matmulProgram(2, 3, 4).description == """
        kernel matmul
        buffer0 a: float32[8]
        buffer1 b: float32[12]
        buffer2 c: float32[6] written
        local acc: float32
        for i0 in 0..<2 {
          for j1 in 0..<3 {
            v0: float32 = 0.0
            acc = v0
            for k2 in 0..<4 {
              v1: float32 = load a[i0*4 + k2]
              v2: float32 = load b[j1 + k2*3]
              fma acc += v1 * v2
            }
            v3: float32 = load acc
            v4: float32 = 0.0
            v5: float32 = maximum v3 v4
            c[i0*3 + j1] = v5
          }
        }

        """)
  }

  @Test func writesEveryKindOfStatement() {
    var b = LoopBuilder("every", arguments: [.float32])
    let (x, y) = (b.buffer("x", 8), b.buffer("y", 8, isWritten: true))
    let positions = b.buffer("positions", 4, .int64)
    let (wide, flag) = (b.local("wide", [2, 8]), b.local("flag", [], .bool))
    b.loop("row", 4, .vector) { b, row in
      let position = b.load(.buffer(positions, row), if: .always, .int64)
      let n = b.bind(position, 0...7, failure: 3)
      let v = b.load(.buffer(x, row + n - 3), if: Mask(row + n, in: 3..<11))
      let scale = b.define(.argument(0))
      let number = b.define(.index(row), .int32)
      let bits = b.define(.bitcast(b.define(.cast(number))), .uint32)
      _ = bits
      let inside = b.define(.test(Mask(row, in: 1..<3)), .bool)
      b.emit(.store(.local(flag, []), inside))
      let chosen = b.define(.select(inside, v, scale))
      b.emit(.accumulate(.local(wide, [.constant(1), row]), .maximum, b.unary(.tanh, chosen)))
      b.loop("k", n + 1, extent: 8) { b, k in b.emit(.store(.buffer(y, k), chosen)) }
      b.branch(Condition(row, in: 2..<4)) { b in b.emit(.store(.buffer(y, row), chosen)) }
    }
    #expect(
      b.finished.bodyText == """
        for row0 in 0..<4 (vector) {
          v0: int64 = load positions[row0]
          n1 = v0 in 0...7 else fail 3
          v1: float32 = load x[row0 + n1 - 3] if (3 <= row0 + n1 < 11)
          v2: float32 = argument0
          v3: int32 = index row0
          v4: float32 = cast v3
          v5: uint32 = bitcast v4
          v6: bool = test (1 <= row0 < 3)
          flag = v6
          v7: float32 = select v6 v1 v2
          v8: float32 = tanh v7
          wide[1, row0] max= v8
          for k2 in 0..<(n1 + 1) {
            y[k2] = v7
          }
          if 2 <= row0 < 4 {
            y[row0] = v7
          }
        }

        """)
  }
}
