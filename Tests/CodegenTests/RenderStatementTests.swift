import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

/// Whole functions as C.
@Suite struct RenderStatementTests {
  private static let renderer = CRenderer(vectorByteCount: 64)

  /// The lines of a program's function between the opening line and the closing brace, without indentation.
  private static func lines(_ program: LoopProgram, checked: Bool = false) -> [String] {
    let text = renderer.render(program, checked: checked).split(separator: "\n").map(String.init)
    let first = text.firstIndex { $0.hasSuffix("int *failure) {") }! + 1
    return text[first..<text.firstIndex(of: "}")!].map { String($0.drop(while: { $0 == " " })) }
  }

  @Test func softmax() {
    var program = softmaxProgram(4, 10)
    program.comment = ["softmax [4, 10]"]
    #expect(
      Self.renderer.render(program, checked: false) == """
        // softmax [4, 10]
        static void softmax_body(
            const float *restrict x,  // 40 elements
            float *restrict y,  // 40 elements
            const union argument *arguments, long begin, long end, int *failure) {
          float largest;
          float total;
          for (long row = 0; row < 4; row++) {
            largest = -__builtin_inff();
            for (long k = 0; k < 10; k++) {
              largest = maximum_float32(largest, x[row*10 + k]);
            }
            total = 0.0f;
            const float v0 = largest;
            for (long k = 0; k < 10; k++) {
              in_order();
              total += exp_float32(x[row*10 + k] - v0);
            }
            const float v1 = total;
            for (long k = 0; k < 10; k++) {
              y[row*10 + k] = exp_float32(x[row*10 + k] - v0) / v1;
            }
          }
        }

        void softmax(void *const *buffers, const union argument *arguments, long begin, long end, int *failure) {
          softmax_body(buffers[0], buffers[1], arguments, begin, end, failure);
        }
        """)
  }

  @Test func theSameProgramGivesTheSameText() {
    for program in [softmaxProgram(4, 10), matmulProgram(3, 4, 5), sumProgram(7)] {
      let text = Self.renderer.render(program, checked: false)
      for _ in 0..<3 { #expect(Self.renderer.render(program, checked: false) == text) }
      #expect(Self.renderer.unit([text]) == Self.renderer.unit([text]))
    }
  }

  /// The turns of a parallel loop are given by the caller, and each has locals of its own.
  @Test func parallelLoop() {
    var b = LoopBuilder("f")
    let y = b.buffer("y", 8, isWritten: true)
    let acc = b.local("acc")
    b.loop("row", 8, .parallel) { b, row in
      let one = b.real(1)
      b.emit(.store(.local(acc, []), one))
      b.emit(.accumulate(.local(acc, []), .product, one))
      let v = b.load(.local(acc, []))
      b.emit(.store(.buffer(y, row), v))
    }
    #expect(
      Self.lines(b.finished) == [
        "for (long row = begin; row < end; row++) {", "float acc;", "acc = 1.0f;", "acc *= 1.0f;", "y[row] = acc;", "}",
      ])
  }

  @Test func vectorLoopsAskForVectorsInTheInnermost() {
    var b = LoopBuilder("f")
    let y = b.buffer("y", 32, isWritten: true)
    b.loop("i", 4, .vector) { b, i in
      b.loop("j", 8, .vector) { b, j in
        let v = b.real(1)
        b.emit(.store(.buffer(y, i * 8 + j), v))
      }
    }
    #expect(
      Self.lines(b.finished).filter { $0.hasPrefix("#pragma") || $0.hasPrefix("for") } == [
        "for (long i = 0; i < 4; i++) {", "#pragma omp simd", "for (int j = 0; j < 8; j++) {",
      ])
  }

  @Test func indicesFromDataAreBounded() {
    var b = LoopBuilder("gather")
    let x = b.buffer("index", 4, .int64)
    let (table, y) = (b.buffer("table", 100), b.buffer("y", 4, isWritten: true))
    b.loop("i", 4) { b, i in
      let number = b.load(.buffer(x, i), .int64)
      let row = b.bind(number, 0...99, failure: 3)
      let v = b.load(.buffer(table, row))
      b.emit(.store(.buffer(y, i), v))
    }
    #expect(
      Self.lines(b.finished) == [
        "int failed = 0;", "for (long i = 0; i < 4; i++) {",
        "const long index1 = bounded(index[i], 0, 99, &failed, 3);", "y[i] = table[index1];", "}",
        "if (failed) __atomic_store_n(failure, failed, __ATOMIC_RELAXED);",
      ])
  }

  @Test func branch() {
    var b = LoopBuilder("f")
    let y = b.buffer("y", 8, isWritten: true)
    b.loop("i", 8) { b, i in
      b.branch(Condition(i, in: 2..<8)) { b in
        let v = b.real(1)
        b.emit(.store(.buffer(y, i), v))
      }
    }
    #expect(
      Self.lines(b.finished) == [
        "for (long i = 0; i < 8; i++) {", "if (i >= 2) {", "y[i] = 1.0f;", "}", "}",
      ])
  }

  @Test func argumentsAreReadOnce() {
    var b = LoopBuilder("f", arguments: [.float32, .int32, .bool])
    let y = b.buffer("y", 8, isWritten: true)
    b.loop("i", 8) { b, i in
      let rate = b.define(.argument(0))
      let flag = b.define(.argument(2), .bool)
      let v = b.define(.select(flag, rate, b.real(0)))
      b.emit(.store(.buffer(y, i), v))
    }
    #expect(
      Self.lines(b.finished) == [
        "const float argument0 = (float)arguments[0].real;",
        "const unsigned char argument2 = arguments[2].integer != 0;",
        "for (long i = 0; i < 8; i++) {", "y[i] = argument2 ? argument0 : 0.0f;", "}",
      ])
  }

  /// A load must not move over a store to what it reads, nor be done twice.
  @Test func loadsStayBeforeStores() {
    var b = LoopBuilder("f")
    let (x, y) = (b.buffer("x", 8, isWritten: true), b.buffer("y", 8, isWritten: true))
    b.loop("i", 8) { b, i in
      let old = b.load(.buffer(x, i))
      let other = b.load(.buffer(y, i))
      b.emit(.store(.buffer(x, i), other))
      b.emit(.store(.buffer(y, i), old))
    }
    #expect(Self.lines(b.finished).dropFirst().dropLast() == ["const float v0 = x[i];", "x[i] = y[i];", "y[i] = v0;"])
  }

  /// What a `?:` may skip is computed before it, so that compilers can still vectorize.
  @Test func costlyOperandsAreNotMadeConditional() {
    var b = LoopBuilder("f")
    let (x, y) = (b.buffer("x", 8), b.buffer("y", 8, isWritten: true))
    b.loop("i", 8) { b, i in
      let a = b.load(.buffer(x, i))
      let positive = b.define(.binary(.less, b.real(0), a), .bool)
      let e = b.unary(.exp, a)
      let v = b.define(.select(positive, e, b.real(0)))
      b.emit(.store(.buffer(y, i), v))
    }
    #expect(
      Self.lines(b.finished).dropFirst().dropLast() == [
        "const float v0 = x[i];", "const float v1 = exp_float32(v0);", "y[i] = 0.0f < v0 ? v1 : 0.0f;",
      ])
  }

  @Test func multiplyAddRoundsOnce() {
    let lines = Self.lines(matmulProgram(3, 4, 5))
    #expect(lines.contains("acc = __builtin_fmaf(a[i*5 + k], b[j + k*4], acc);"))
    #expect(lines.contains("c[i*4 + j] = maximum_float32(acc, 0.0f);"))
  }

  @Test func checkedAccessesNameKernelAndBuffer() {
    var b = LoopBuilder("f")
    let (x, y) = (b.buffer("x", 8), b.buffer("y", 8, isWritten: true))
    let row = b.local("row", [2, 8])
    b.loop("i", 8) { b, i in
      let v = b.load(.buffer(x, i))
      b.emit(.store(.local(row, [.constant(1), i]), v))
      let w = b.load(.local(row, [.constant(1), i]))
      b.emit(.store(.buffer(y, i), w))
    }
    let index = "checked(i, 1, 8, \"f\", "
    #expect(
      Self.lines(b.finished, checked: true)[2...3] == [
        "row[checked(1, 1, 2, \"f\", \"row\")][\(index)\"row\")] = x[\(index)\"x\")];",
        "y[\(index)\"y\")] = row[checked(1, 1, 2, \"f\", \"row\")][\(index)\"row\")];",
      ])
  }

  @Test func namesDoNotCollide() {
    var b = LoopBuilder("for")
    let (x, y) = (b.buffer("exp_float32", 8), b.buffer("v0", 8, isWritten: true))
    b.loop("end", 8) { b, i in
      b.loop("end", 1) { b, j in
        let v = b.unary(.exp, b.load(.buffer(x, i)))
        b.emit(.store(.buffer(y, i), b.binary(.multiply, v, v)))
      }
    }
    #expect(
      Self.lines(b.finished) == [
        "for (long end_2 = 0; end_2 < 8; end_2++) {", "for (long end_3 = 0; end_3 < 1; end_3++) {",
        "const float v0_2 = exp_float32(exp_float32_2[end_2]);", "v0[end_2] = v0_2 * v0_2;", "}", "}",
      ])
  }
}
