import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

/// Elementwise operations as C, each on every type that has it.
@Suite struct RenderOperationTests {
  private static let renderer = CRenderer(vectorByteCount: 64)

  /// Renders `y[i] = result` where the operands are loads of `x0[i]`, `x1[i]`, ...
  private static func render(_ types: [DType], _ result: DType, _ instruction: ([Value]) -> Instruction) -> String {
    var b = LoopBuilder("f")
    let buffers = types.enumerated().map { b.buffer("x\($0.offset)", 16, $0.element) }
    let y = b.buffer("y", 16, result, isWritten: true)
    b.loop("i", 16, .vector) { b, i in
      let operands = zip(buffers, types).map { b.load(.buffer($0.0, i), $0.1) }
      let v = b.define(instruction(operands), result)
      b.emit(.store(.buffer(y, i), v))
    }
    return renderer.render(b.finished, checked: false)
  }

  private static func rightSide(
    _ types: [DType], _ result: DType, _ instruction: ([Value]) -> Instruction
  ) -> String {
    let line = render(types, result, instruction).split(separator: "\n").first { $0.contains("y[i] = ") }!
    return String(line.split(separator: "=", maxSplits: 1)[1].dropFirst().dropLast())
  }

  /// The functions a text calls.
  private static func calls(in text: String) -> Set<String> {
    Set(text.matches(of: /([A-Za-z_]\w*)\(/).map { String($0.output.1) })
  }

  /// Expects that the unit of a function declares all that it calls, before it is called.
  private static func expectDeclared(_ function: String, sourceLocation: SourceLocation = #_sourceLocation) {
    let unit = renderer.unit([function])
    #expect(unit.hasSuffix(function + "\n"), sourceLocation: sourceLocation)
    var declared: Set<String> = [
      "if", "for", "while", "return", "defined", "sizeof", "vector_size", "aligned", "__attribute__",
    ]
    for line in unit.split(separator: "\n") where !line.contains("//") {
      // At the start of a line is a declaration: what it calls in its body comes after its own name.
      let names = line.matches(of: /([A-Za-z_]\w*)\(/).map { String($0.output.1) }
      for name in names where !declared.contains(name) && !name.hasPrefix("__") {
        #expect(line.first?.isLetter == true, "\(name) is used before its declaration", sourceLocation: sourceLocation)
        declared.insert(name)
      }
    }
    #expect(calls(in: function).filter { !$0.hasPrefix("__") }.isSubset(of: declared), sourceLocation: sourceLocation)
  }

  @Test(arguments: UnaryOp.allCases, DType.allCases) func unary(_ op: UnaryOp, _ dtype: DType) {
    guard op.accepts(dtype) else { return }
    let function = Self.render([dtype], dtype) { .unary(op, $0[0]) }
    #expect(function.contains("x0["))
    Self.expectDeclared(function)
  }

  @Test(arguments: BinaryOp.allCases, DType.allCases) func binary(_ op: BinaryOp, _ dtype: DType) {
    guard op.accepts(dtype) else { return }
    let function = Self.render([dtype, dtype], op.result(of: dtype)) { .binary(op, $0[0], $0[1]) }
    #expect(function.contains("x0[") && function.contains("x1["))
    Self.expectDeclared(function)
  }

  @Test(arguments: DType.allCases, DType.allCases) func casts(_ source: DType, _ target: DType) {
    let function = Self.render([source], target) { .cast($0[0]) }
    #expect(function.contains("x0["))
    Self.expectDeclared(function)
    guard source.byteCount == target.byteCount else { return }
    Self.expectDeclared(Self.render([source], target) { .bitcast($0[0]) })
  }

  @Test func spelling() {
    func unary(_ op: UnaryOp, _ dtype: DType) -> String { Self.rightSide([dtype], dtype) { .unary(op, $0[0]) } }
    func binary(_ op: BinaryOp, _ dtype: DType) -> String {
      Self.rightSide([dtype, dtype], op.result(of: dtype)) { .binary(op, $0[0], $0[1]) }
    }
    #expect(unary(.exp, .float32) == "exp_float32(x0[i])")
    #expect(unary(.exp, .float64) == "exp(x0[i])")
    #expect(unary(.sqrt, .float32) == "__builtin_sqrtf(x0[i])")
    #expect(unary(.round, .float64) == "__builtin_rint(x0[i])")
    #expect(unary(.reciprocal, .float32) == "1.0f / x0[i]")
    #expect(unary(.not, .bool) == "!x0[i]")
    #expect(unary(.not, .uint8) == "(unsigned char)~x0[i]")
    #expect(unary(.negate, .float32) == "-x0[i]")
    #expect(unary(.absolute, .uint32) == "x0[i]")
    #expect(binary(.add, .float32) == "x0[i] + x1[i]")
    #expect(binary(.less, .float32) == "x0[i] < x1[i]")
    #expect(binary(.maximum, .bool) == "x0[i] | x1[i]")
    #expect(binary(.power, .int32) == "(int)power_int64(x0[i], x1[i])")
  }

  /// Signed overflow is undefined in C, and narrow types are computed in int: both must wrap.
  @Test func integersWrap() {
    func multiply(_ dtype: DType) -> String {
      Self.rightSide([dtype, dtype], dtype) { .binary(.multiply, $0[0], $0[1]) }
    }
    #expect(multiply(.int32) == "(int)((unsigned)x0[i] * x1[i])")
    #expect(multiply(.int64) == "(long)((unsigned long)x0[i] * x1[i])")
    #expect(multiply(.uint32) == "x0[i] * x1[i]")
    #expect(multiply(.uint8) == "(unsigned char)(x0[i] * x1[i])")
    #expect(Self.rightSide([.int64], .int64) { .unary(.negate, $0[0]) } == "(long)-(unsigned long)x0[i]")
  }

  @Test func conversions() {
    func cast(_ source: DType, _ target: DType) -> String { Self.rightSide([source], target) { .cast($0[0]) } }
    #expect(cast(.float32, .bool) == "x0[i] != 0.0f")
    #expect(cast(.float32, .uint8) == "(unsigned char)int64_of_float32(x0[i])")
    #expect(cast(.float64, .int64) == "int64_of_float64(x0[i])")
    #expect(cast(.int64, .int32) == "(int)x0[i]")
    #expect(cast(.int32, .float32) == "(float)x0[i]")
    #expect(cast(.float32, .float32) == "x0[i]")
    #expect(Self.rightSide([.float32], .uint32) { .bitcast($0[0]) } == "bits_of_float32(x0[i])")
    #expect(Self.rightSide([.int64], .float64) { .bitcast($0[0]) } == "float64_of_bits(x0[i])")
  }

  /// The helpers of one function do not burden another: units stay short, for that is what compiling them costs.
  @Test func unitHoldsOnlyWhatIsUsed() {
    let add = Self.render([.float32, .float32], .float32) { .binary(.add, $0[0], $0[1]) }
    #expect(!Self.renderer.unit([add]).contains("static inline"))
    let tanh = Self.renderer.unit([Self.render([.float32], .float32) { .unary(.tanh, $0[0]) }])
    #expect(tanh.contains("float exp_narrow_float32("))
    #expect(!tanh.contains("float exp_float32("))
  }
}
