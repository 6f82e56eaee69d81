import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

/// Index expressions, conditions and constants as C.
@Suite struct RenderExpressionTests {
  private static let i = Index(IndexVariable(id: 0, extent: 100))
  private static let j = Index(IndexVariable(id: 1, extent: 8))

  /// Renders `y[j] = mask ? x[index] : 0` in loops over `i` and `j` and returns the right side.
  private static func rightSide(_ index: Index, if mask: Mask = .always, _ kind: Loop.Kind = .serial) -> String {
    var b = LoopBuilder("f")
    let (x, y) = (b.buffer("x", 1_000_000), b.buffer("y", 8, isWritten: true))
    b.loop("i", 100) { b, i in
      b.loop("j", 8, kind) { b, j in
        let v = b.load(.buffer(x, index), if: mask)
        b.emit(.store(.buffer(y, j), v))
      }
    }
    let text = CRenderer(vectorByteCount: 64).render(b.finished, checked: false)
    let line = text.split(separator: "\n").first { $0.contains("y[j] = ") }!
    return String(line.split(separator: "=", maxSplits: 1)[1].dropFirst().dropLast())
  }

  /// The turns of a vector loop are counted in `int`: what does not fit that is made `long` before it is multiplied.
  @Test(
    arguments: [
      (i * 8 + j, "x[i*8 + j]"),
      (i * 8 + j.floorDivide(by: 3) * 5, "x[i*8 + (j/3)*5]"),
      (j * 400_000_000, "x[((long)j)*400000000]"),
      (j * 300_000_000 + 1, "x[j*300000000 + 1]"),
      (j * 5 - j.modulo(3), "x[(long)j*5 - (int)(long)j%3]"),
      (j * 300_000_000 + 100_000_000, "x[((long)j)*300000000 + 100000000]"),
      (j * 200_000_000 + j.modulo(3) * 500_000_000, "x[j*200000000 + ((long)(j%3))*500000000]"),
      (i * 100_000_000 + j, "x[i*100000000 + j]"),
    ])
  func vectorIndex(_ index: Index, _ text: String) { #expect(Self.rightSide(index, .vector) == text) }

  /// So is what is compared there: as many comparisons as numbers fit a vector register.
  @Test(
    arguments: [
      (i * 8 + j, "(int)i*8 + j < 50 ? x[j] : 0.0f"),
      (i - j, "(int)i - j < 50 ? x[j] : 0.0f"),
      ((i * 8 + j).modulo(99), "((int)i*8 + j)%99 < 50 ? x[j] : 0.0f"),
      (i * 100_000_000 - j * 99_999_999, "i*100000000 - j*99999999 < 50 ? x[j] : 0.0f"),
      (i, "i < 50 ? x[j] : 0.0f"),
    ])
  func vectorCondition(_ index: Index, _ text: String) {
    let mask = Mask(index, in: Int.min..<50)
    #expect(Self.rightSide(Self.j, if: mask, .vector) == text)
  }

  /// A number of 64 bits is computed with as many.
  @Test func vectorNumbers() {
    var b = LoopBuilder("f")
    let y = b.buffer("y", 8, .int64, isWritten: true)
    b.loop("j", 8, .vector) { b, j in
      let v = b.define(.index(j * 3 + 1), .int64)
      let square = b.define(.binary(.multiply, v, v), .int64)
      b.emit(.store(.buffer(y, j), square))
    }
    let text = CRenderer(vectorByteCount: 64).render(b.finished, checked: false)
    #expect(text.contains("(long)(j*3 + 1)"), "\(text)")
  }

  private static let indices: [(Index, String)] = [
    (i * 8 + j, "x[i*8 + j]"),
    (i * 8 - j + 7, "x[i*8 - j + 7]"),
    (-i + 99, "x[99 - i]"),
    ((i * 8 + j).floorDivide(by: 4), "x[i*2 + j/4]"),
    (i.modulo(4) * 3, "x[(i%4)*3]"),
    // Divisions by what is no power of two are vectorized in int only.
    (i.floorDivide(by: 7) * 9 + i.modulo(7), "x[((int)i/7)*9 + (int)i%7]"),
    ((i + j).modulo(10), "x[(int)(i + j)%10]"),
    // Where C's division would round towards zero.
    ((i - j * 2).floorDivide(by: 5) + 3, "x[floor_divide_int64(i - j*2, 5) + 3]"),
    ((i - j * 2).modulo(5), "x[floor_remainder_int64(i - j*2, 5)]"),
    (Index.min(i, .constant(52)), "x[minimum_int64(i, 52)]"),
    (Index.max(i - 4, .constant(0)) + j, "x[maximum_int64(i - 4, 0) + j]"),
    (.constant(3_000_000_000), "x[3000000000L]"),
  ]

  @Test(arguments: indices)
  func index(_ index: Index, _ text: String) {
    #expect(Self.rightSide(index) == text)
  }

  /// In `int` the product of a quotient, or a sum of such products, must not overflow.
  @Test func wideProductsOfQuotientsAreLong() {
    let text = Self.rightSide(Self.i.floorDivide(by: 7) * 1_000_000_000)
    #expect(text == "x[((long)((int)i/7))*1000000000]")
  }

  @Test(arguments: [
    (Mask(i, in: 1..<99), "1 <= i && i < 99"),
    (Mask(i, in: 5..<100), "i >= 5"),
    (Mask(i, in: 0..<50), "i < 50"),
    (Mask(i, in: 7..<8), "i == 7"),
    (Mask(i + j, in: 3..<100).and(Condition(j, in: 2..<9)), "3 <= i + j && i + j < 100 && j >= 2"),
  ])
  func mask(_ mask: Mask, _ text: String) {
    let conditions = Set(Self.rightSide(Self.j, if: mask).split(separator: " ? ")[0].components(of: " && "))
    #expect(conditions == Set(text.components(of: " && ")))
    #expect(Self.rightSide(Self.j, if: mask).hasSuffix(" ? x[j] : 0.0f"))
  }

  @Test func maskThatNeverHoldsTouchesNoMemory() {
    #expect(Self.rightSide(Self.j, if: .never) == "0.0f")
  }

  /// Renders `y[0] = constant` and returns the right side.
  private static func literal(_ scalar: Scalar, _ dtype: DType) -> String {
    var b = LoopBuilder("f")
    let y = b.buffer("y", 1, dtype, isWritten: true)
    let v = b.define(.constant(scalar.cast(to: dtype)), dtype)
    b.emit(.store(.buffer(y, .constant(0)), v))
    let text = CRenderer(vectorByteCount: 64).render(b.finished, checked: false)
    let line = text.split(separator: "\n").first { $0.contains("y[0] = ") }!
    return String(line.split(separator: "=", maxSplits: 1)[1].dropFirst().dropLast())
  }

  @Test(arguments: [
    (Scalar.real(1), DType.float32, "1.0f"),
    (.real(0.1), .float32, "0.1f"),
    (.real(0.1), .float64, "0.1"),
    (.real(1e-45), .float32, "1e-45f"),
    (.real(-0.0), .float32, "-0.0f"),
    (.real(.infinity), .float32, "__builtin_inff()"),
    (.real(-.infinity), .float64, "-__builtin_inf()"),
    (.real(.nan), .float32, "__builtin_nanf(\"\")"),
    (.integer(1), .bool, "1"),
    (.integer(-7), .int32, "-7"),
    (.integer(Int64(Int32.min)), .int32, "-2147483647 - 1"),
    (.integer(4_000_000_000), .uint32, "4000000000u"),
    (.integer(.min), .int64, "-9223372036854775807L - 1"),
    (.integer(255), .uint8, "255"),
  ])
  func literal(_ scalar: Scalar, _ dtype: DType, _ text: String) {
    #expect(Self.literal(scalar, dtype) == text)
  }

  @Test func floatLiteralsReadBackExactly() throws {
    var bits: UInt32 = 1
    while bits < 0x7f80_0000 {
      let value = Float(bitPattern: bits)
      let text = Self.literal(.real(Double(value)), .float32)
      #expect(Float(String(text.dropLast())) == value)
      bits += 0x0123_4567
    }
  }
}

extension StringProtocol {
  /// The parts between the occurrences of a separator.
  fileprivate func components(of separator: String) -> [String] { split(separator: separator).map { String($0) } }
}
