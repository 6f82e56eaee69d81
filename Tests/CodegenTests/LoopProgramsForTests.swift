import LazyCodegen
import LazyOps
import LazyScheduler
import Testing

/// Writes loop programs the way they read.
struct LoopBuilder {
  private(set) var program: LoopProgram
  private var lists: [[Statement]] = [[]]

  init(_ name: String, arguments: [DType] = []) {
    program = LoopProgram(name: name, buffers: [], arguments: arguments, body: [], nextVariable: 0)
  }

  var finished: LoopProgram {
    var result = program
    result.body = lists[0]
    return result
  }

  mutating func buffer(_ name: String, _ count: Int, _ dtype: DType = .float32, isWritten: Bool = false) -> Int {
    program.buffers.append(BufferParameter(name: name, dtype: dtype, count: count, isWritten: isWritten))
    return program.buffers.count - 1
  }

  mutating func local(_ name: String, _ extents: [Int] = [], _ dtype: DType = .float32) -> Int {
    program.locals.append(Local(name: name, dtype: dtype, extents: extents))
    return program.locals.count - 1
  }

  mutating func loop(
    _ name: String, _ count: Int, _ kind: Loop.Kind = .serial, _ body: (inout LoopBuilder, Index) -> Void
  ) {
    loop(name, .constant(count), extent: count, kind, body)
  }

  mutating func loop(
    _ name: String, _ count: Index, extent: Int, _ kind: Loop.Kind = .serial,
    _ body: (inout LoopBuilder, Index) -> Void
  ) {
    let variable = IndexVariable(id: program.nextVariable, extent: max(extent, 1))
    program.nextVariable += 1
    lists.append([])
    body(&self, .variable(variable))
    let statements = lists.removeLast()
    emit(.loop(Loop(variable: variable, name: name, count: count, kind: kind, body: statements)))
  }

  mutating func branch(_ condition: Condition, _ then: (inout LoopBuilder) -> Void) {
    lists.append([])
    then(&self)
    let statements = lists.removeLast()
    emit(.branch(condition, statements, []))
  }

  mutating func bind(_ value: Value, _ bounds: ClosedRange<Int>, failure: Int = 1) -> Index {
    let variable = IndexVariable(id: program.nextVariable, bounds: bounds)
    program.nextVariable += 1
    emit(.bind(variable, value, failure: failure))
    return .variable(variable)
  }

  mutating func emit(_ statement: Statement) { lists[lists.count - 1].append(statement) }

  mutating func define(_ instruction: Instruction, _ dtype: DType = .float32) -> Value {
    program.values.append(dtype)
    emit(.define(program.values.count - 1, instruction))
    return program.values.count - 1
  }

  mutating func load(_ place: Place, if mask: Mask = .always, _ dtype: DType = .float32) -> Value {
    define(.load(place, mask), dtype)
  }

  mutating func real(_ number: Double) -> Value { define(.constant(.real(number))) }

  mutating func binary(_ op: BinaryOp, _ a: Value, _ b: Value) -> Value { define(.binary(op, a, b)) }

  mutating func unary(_ op: UnaryOp, _ a: Value) -> Value { define(.unary(op, a)) }
}

/// x: [rows, columns] -> the softmax of each row, in three passes.
func softmaxProgram(_ rows: Int, _ columns: Int) -> LoopProgram {
  var b = LoopBuilder("softmax")
  let x = b.buffer("x", rows * columns)
  let y = b.buffer("y", rows * columns, isWritten: true)
  let (largest, sum) = (b.local("largest"), b.local("total"))
  b.loop("row", rows) { b, row in
    let lowest = b.real(-.infinity)
    b.emit(.store(.local(largest, []), lowest))
    b.loop("k", columns) { b, k in
      let v = b.load(.buffer(x, row * columns + k))
      b.emit(.accumulate(.local(largest, []), .maximum, v))
    }
    let zero = b.real(0)
    b.emit(.store(.local(sum, []), zero))
    let m = b.load(.local(largest, []))
    b.loop("k", columns) { b, k in
      let v = b.load(.buffer(x, row * columns + k))
      let e = b.unary(.exp, b.binary(.subtract, v, m))
      b.emit(.accumulate(.local(sum, []), .sum, e))
    }
    let s = b.load(.local(sum, []))
    b.loop("k", columns) { b, k in
      let v = b.load(.buffer(x, row * columns + k))
      let e = b.unary(.exp, b.binary(.subtract, v, m))
      let quotient = b.binary(.divide, e, s)
      b.emit(.store(.buffer(y, row * columns + k), quotient))
    }
  }
  return b.finished
}

/// a: [m, k], b: [k, n] -> max(a·b, 0)
func matmulProgram(_ m: Int, _ n: Int, _ k: Int) -> LoopProgram {
  var b = LoopBuilder("matmul")
  let (left, right) = (b.buffer("a", m * k), b.buffer("b", k * n))
  let out = b.buffer("c", m * n, isWritten: true)
  let acc = b.local("acc")
  b.loop("i", m) { b, i in
    b.loop("j", n) { b, j in
      let zero = b.real(0)
      b.emit(.store(.local(acc, []), zero))
      b.loop("k", k) { b, p in
        let x = b.load(.buffer(left, i * k + p))
        let y = b.load(.buffer(right, p * n + j))
        b.emit(.multiplyAdd(.local(acc, []), x, y))
      }
      let sum = b.load(.local(acc, []))
      let positive = b.binary(.maximum, sum, b.real(0))
      b.emit(.store(.buffer(out, i * n + j), positive))
    }
  }
  return b.finished
}

/// x: [n] -> its sum
func sumProgram(_ n: Int, _ op: ReduceOp = .sum) -> LoopProgram {
  var b = LoopBuilder("sum")
  let (x, y) = (b.buffer("x", n), b.buffer("y", 1, isWritten: true))
  let acc = b.local("acc")
  let first = b.real(op == .product ? 1 : 0)
  b.emit(.store(.local(acc, []), first))
  b.loop("k", n) { b, k in
    let v = b.load(.buffer(x, k))
    b.emit(.accumulate(.local(acc, []), op, v))
  }
  let sum = b.load(.local(acc, []))
  b.emit(.store(.buffer(y, .constant(0)), sum))
  return b.finished
}

/// Numbers of a fixed sequence.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64

  // Not the increment below: neighbouring seeds would give the same sequence, shifted.
  init(_ seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0xD134_2543_DE82_EF95 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }

  mutating func pick<Element>(_ choices: [Element]) -> Element { choices[below(choices.count)] }
}

/// Fills buffers with small numbers, some of them equal; what a program writes is filled too.
func sampleBuffers(_ program: LoopProgram, seed: Int = 1) -> [[Scalar]] {
  var numbers = SeededNumbers(seed)
  return program.buffers.map { buffer in
    (0..<buffer.count).map { _ in
      let number = Double(numbers.below(4001) - 2000) / 1000
      return buffer.dtype.isFloatingPoint
        ? Scalar.real(number).cast(to: buffer.dtype) : Scalar.integer(Int64(numbers.below(5))).cast(to: buffer.dtype)
    }
  }
}

/// Runs a program on sample numbers and returns its buffers with its failure code.
func results(_ program: LoopProgram, seed: Int = 1) -> (buffers: [[Scalar]], failure: Int) {
  var buffers = sampleBuffers(program, seed: seed)
  let failure = program.evaluate(buffers: &buffers, arguments: program.arguments.map { Scalar.real(0.5).cast(to: $0) })
  return (buffers, failure)
}

/// Expects a changed program to be well formed and to give the bits of the original one.
func expectSame(_ changed: LoopProgram, _ original: LoopProgram, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(changed.verify() == nil, "\(changed)", sourceLocation: sourceLocation)
  #expect(results(changed) == results(original), "\(changed)", sourceLocation: sourceLocation)
}

extension LoopProgram {
  /// The ids of loops of a name, outer before inner and in the order of the text.
  func ids(_ name: String) -> [Int] { loops.filter { $0.name == name }.map(\.variable.id) }

  /// The text without the lines of comment, buffers and locals.
  var bodyText: String {
    let all = description.split(separator: "\n", omittingEmptySubsequences: false)
    return all.dropFirst(1 + comment.count + buffers.count + arguments.count + locals.count).joined(separator: "\n")
  }
}
