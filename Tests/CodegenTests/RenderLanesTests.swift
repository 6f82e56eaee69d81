import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

/// Unrolled loops, vector registers and the variables that locals become.
@Suite struct RenderLanesTests {
  private static let renderer = CRenderer(vectorByteCount: 32)

  private static func lines(_ program: LoopProgram, checked: Bool = false) -> [String] {
    let text = renderer.render(program, checked: checked).split(separator: "\n").map(String.init)
    let first = text.firstIndex { $0.hasSuffix("int *failure) {") }! + 1
    return text[first..<text.firstIndex(of: "}")!].map { String($0.drop(while: { $0 == " " })) }
  }

  /// A register tile: c[2, 16] = a[2, depth] b[depth, 16], in registers of 8.
  private static func tile(depth: Int) -> LoopProgram {
    var b = LoopBuilder("tile")
    let (left, right) = (b.buffer("a", 2 * depth), b.buffer("b", depth * 16))
    let out = b.buffer("c", 32, isWritten: true)
    let acc = b.local("acc", [2, 16])
    func everyRegister(_ b: inout LoopBuilder, _ body: (inout LoopBuilder, Index, Index) -> Void) {
      b.loop("row", 2, .unrolled) { b, row in
        b.loop("vector", 2, .unrolled) { b, vector in
          b.loop("lane", 8, .lanes) { b, lane in body(&b, row, vector * 8 + lane) }
        }
      }
    }
    everyRegister(&b) { b, row, column in
      let zero = b.real(0)
      b.emit(.store(.local(acc, [row, column]), zero))
    }
    b.loop("k", depth) { b, k in
      everyRegister(&b) { b, row, column in
        let x = b.load(.buffer(left, row * depth + k))
        let y = b.load(.buffer(right, k * 16 + column))
        b.emit(.multiplyAdd(.local(acc, [row, column]), x, y))
      }
    }
    everyRegister(&b) { b, row, column in
      let v = b.load(.local(acc, [row, column]))
      b.emit(.store(.buffer(out, row * 16 + column), v))
    }
    return b.finished
  }

  /// The sums are named vector variables, and each operand is loaded once a turn.
  @Test func registerTile() {
    #expect(
      Self.lines(Self.tile(depth: 5)) == [
        "float8v acc_0_0, acc_0_1;",
        "float8v acc_1_0, acc_1_1;",
        "acc_0_0 = broadcast_float8v(0.0f);",
        "acc_0_1 = broadcast_float8v(0.0f);",
        "acc_1_0 = broadcast_float8v(0.0f);",
        "acc_1_1 = broadcast_float8v(0.0f);",
        "for (long k = 0; k < 5; k++) {",
        "const float v0 = a[k];",
        "const float8v v1 = *(const float8v *)&b[k*16];",
        "acc_0_0 = fma_float8v(broadcast_float8v(v0), v1, acc_0_0);",
        "const float8v v2 = *(const float8v *)&b[k*16 + 8];",
        "acc_0_1 = fma_float8v(broadcast_float8v(v0), v2, acc_0_1);",
        "const float v3 = a[k + 5];",
        "acc_1_0 = fma_float8v(broadcast_float8v(v3), v1, acc_1_0);",
        "acc_1_1 = fma_float8v(broadcast_float8v(v3), v2, acc_1_1);",
        "}",
        "*(float8v *)&c[0] = acc_0_0;",
        "*(float8v *)&c[8] = acc_0_1;",
        "*(float8v *)&c[16] = acc_1_0;",
        "*(float8v *)&c[24] = acc_1_1;",
      ])
  }

  @Test func vectorTypesAreDeclaredBeforeTheirFunctions() throws {
    let unit = Self.renderer.unit([Self.renderer.render(Self.tile(depth: 5), checked: false)])
    let type = try #require(
      unit.firstRange(of: "typedef float float8v __attribute__((vector_size(32), aligned(4), may_alias));"))
    let multiplyAdd = try #require(unit.firstRange(of: "float8v fma_float8v(float8v a, float8v b, float8v c) {"))
    #expect(type.lowerBound < multiplyAdd.lowerBound)
    #expect(!unit.contains("float16v"))
  }

  /// Checked, a vector access covers all its elements.
  @Test func checkedVectorsSpanTheirLanes() {
    let lines = Self.lines(Self.tile(depth: 5), checked: true)
    #expect(lines.contains("*(float8v *)&c[checked(24, 8, 32, \"tile\", \"c\")] = acc_1_1;"))
  }

  @Test func unrolledLoopsNameElements() {
    var b = LoopBuilder("f")
    let (x, y) = (b.buffer("x", 40), b.buffer("y", 4, isWritten: true))
    let acc = b.local("acc", [4])
    b.loop("i", 4, .unrolled) { b, i in
      let zero = b.real(0)
      b.emit(.store(.local(acc, [i]), zero))
    }
    b.loop("k", 10) { b, k in
      b.loop("i", 4, .unrolled) { b, i in
        let v = b.load(.buffer(x, i * 10 + k))
        b.emit(.accumulate(.local(acc, [i]), .sum, v))
      }
    }
    b.loop("i", 4, .unrolled) { b, i in
      let v = b.load(.local(acc, [i]))
      b.emit(.store(.buffer(y, i), v))
    }
    let lines = Self.lines(b.finished)
    #expect(lines.first == "float acc_0, acc_1, acc_2, acc_3;")
    #expect(lines.contains("acc_3 += x[k + 30];"))
    #expect(lines.last == "y[3] = acc_3;")
  }

  /// A local that some loop indexes by its variable is an array for all.
  @Test func localsWithVariableIndicesAreArrays() {
    var b = LoopBuilder("f")
    let (x, y) = (b.buffer("x", 16), b.buffer("y", 16, isWritten: true))
    let row = b.local("row", [16])
    b.loop("vector", 2, .unrolled) { b, vector in
      b.loop("lane", 8, .lanes) { b, lane in
        let v = b.load(.buffer(x, vector * 8 + lane))
        b.emit(.store(.local(row, [vector * 8 + lane]), b.binary(.multiply, v, b.real(2))))
      }
    }
    b.loop("i", 16) { b, i in
      let v = b.load(.local(row, [i * -1 + 15]))
      b.emit(.store(.buffer(y, i), v))
    }
    #expect(
      Self.lines(b.finished) == [
        "float row[16] __attribute__((aligned(32)));",
        "*(float8v *)&row[0] = *(const float8v *)&x[0] * 2.0f;",
        "*(float8v *)&row[8] = *(const float8v *)&x[8] * 2.0f;",
        "for (long i = 0; i < 16; i++) {", "y[i] = row[15 - i];", "}",
      ])
  }

  /// What vector types cannot do is left to the compiler's vectorizer.
  @Test func otherLanesAreVectorLoops() {
    var b = LoopBuilder("f")
    let (x, y) = (b.buffer("x", 8), b.buffer("y", 8, isWritten: true))
    b.loop("lane", 8, .lanes) { b, lane in
      let v = b.unary(.exp, b.load(.buffer(x, lane)))
      b.emit(.store(.buffer(y, lane), v))
    }
    #expect(
      Self.lines(b.finished) == [
        "#pragma omp simd", "for (int lane = 0; lane < 8; lane++) {", "y[lane] = exp_float32(x[lane]);", "}",
      ])
  }

  /// A turn may use what an earlier one has loaded only while nothing writes there.
  @Test func unrolledTurnsReloadWhatWasWritten() {
    var b = LoopBuilder("f")
    let (x, y) = (b.buffer("x", 4, isWritten: true), b.buffer("y", 4, isWritten: true))
    b.loop("i", 2, .unrolled) { b, i in
      let v = b.load(.buffer(x, .constant(0)))
      let w = b.binary(.add, v, v)
      b.emit(.store(.buffer(y, i), w))
      b.emit(.store(.buffer(x, .constant(0)), w))
    }
    #expect(Self.lines(b.finished).filter { $0.contains("= x[0];") }.count == 2)

    // Without the store to x one load serves both turns.
    var c = LoopBuilder("g")
    let (from, to) = (c.buffer("x", 4), c.buffer("y", 4, isWritten: true))
    c.loop("i", 2, .unrolled) { c, i in
      let v = c.load(.buffer(from, .constant(0)))
      c.emit(.store(.buffer(to, i), c.binary(.multiply, v, v)))
    }
    #expect(Self.lines(c.finished).filter { $0.contains("= x[0];") }.count == 1)
  }
}
