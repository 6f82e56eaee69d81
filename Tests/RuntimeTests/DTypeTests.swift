import LazyOps
import LazyRuntime
import Testing

/// Every elementwise op and cast, compiled, on the awkward elements of every dtype: what the host says.
@Suite struct DTypeTests {
  /// The ends of the dtype's range and what lies around its borders.
  private static func elements(_ dtype: DType) -> [Scalar] {
    if dtype == .bool { return [.integer(0), .integer(1)] }
    guard let width = dtype.integerWidth else {
      let numbers: [Double] = [
        0, -0.0, 1, -1, 0.5, 2.5, -2.5, 3, -3, 7.25, 0.1, 255, 257, 2049, 65504, 65519, 65520, 1e30, -1e30, 3e38,
        0x1p-14,
        0x1.ff8p-15, 0x1p-24, 0x1.8p-25, 0x1p-126, 0x1p-133, 1e-40, .infinity, -.infinity, .nan,
      ]
      return numbers.map { Scalar.real($0).cast(to: dtype) }
    }
    let ends = [dtype.least, dtype.greatest].map(\.int64)
    let bits = [0, 1, 2, 3, 5, 7, -1, -2, -7, Int64(width.bits) - 1, Int64(width.bits), 100, 1 << 31, 1 << 62]
    let all = (ends + ends.map { $0 &+ 1 } + ends.map { $0 &- 1 } + bits).map { Scalar.integer($0).cast(to: dtype) }
    return Array(Set(all)).sorted { $0.int64 < $1.int64 }
  }

  private static func tensor(_ scalars: [Scalar], _ dtype: DType) -> Tensor {
    let array = HostArray(scalars: scalars, [scalars.count], dtype)
    return withUnsafeTemporaryAllocation(byteCount: scalars.count * dtype.byteCount, alignment: 8) { bytes in
      array.write(to: bytes.baseAddress!)
      return Tensor(bytes: UnsafeRawBufferPointer(bytes), shape: array.shape, dtype: dtype)
    }
  }

  /// The relative error a compiled function may have in its arithmetic type.
  private static func isExact(_ op: UnaryOp) -> Bool {
    switch op {
    case .negate, .absolute, .sign, .not, .sqrt, .reciprocal, .floor, .ceiling, .round, .truncate: true
    case .exp, .exp2, .expm1, .log, .log2, .log1p, .sin, .cos, .tan, .tanh, .erf: false
    }
  }

  /// Whether elements are the same, or no more than `units` of the last place apart; of two zeros the sign counts.
  private func agree(_ a: Scalar, _ b: Scalar, _ dtype: DType, units: Double) -> Bool {
    let (x, y) = (a.double, b.double)
    if x.isNaN || y.isNaN { return x.isNaN && y.isNaN }
    if a == b { return true }
    guard units > 0, let digits = dtype.significandBits else { return false }
    // Zero may have lost its sign only where a function may be off.
    return x == y
      || abs(x - y) <= units * Swift.max(abs(y), 0x1p-126) * Double(sign: .plus, exponent: 1 - digits, significand: 1)
  }

  @Test(arguments: DType.allCases) func elementwiseOps(dtype: DType) {
    let elements = Self.elements(dtype)
    let pairs = elements.flatMap { a in elements.map { (a, $0) } }
    let x = Self.tensor(elements, dtype)
    let (left, right) = (Self.tensor(pairs.map(\.0), dtype), Self.tensor(pairs.map(\.1), dtype))
    let unary = UnaryOp.allCases.filter { $0.accepts(dtype) }
    let binary = BinaryOp.allCases.filter { $0.accepts(dtype) }
    let unaryResults = unary.map { Primitive.unary($0, x) }
    let binaryResults = binary.map { Primitive.binary($0, left, right) }
    let casts = DType.allCases.map { Primitive.cast(x, to: $0) }
    let twins = DType.allCases.filter { $0.byteCount == dtype.byteCount }
    let bitcasts = twins.map { Primitive.bitcast(x, to: $0) }
    Tensor.realize(unaryResults + binaryResults + casts + bitcasts)

    func check(_ name: String, _ found: Tensor, units: Double = 0, _ expected: (Int) -> Scalar) {
      for (place, scalar) in HostArray(found.node).scalars.enumerated() {
        let wanted = expected(place)
        let operands = found.shape == x.shape ? "\(elements[place])" : "\(pairs[place])"
        #expect(
          agree(scalar, wanted, found.dtype, units: units), "\(name) of \(dtype) \(operands): \(scalar), not \(wanted)")
      }
    }
    for (op, found) in zip(unary, unaryResults) {
      check("\(op)", found, units: Self.isExact(op) ? 0 : dtype.isHalf ? 1 : 4) { op.apply(elements[$0], dtype) }
    }
    for (op, found) in zip(binary, binaryResults) {
      check("\(op)", found, units: op == .power ? (dtype.isHalf ? 1 : 8) : 0) {
        op.apply(pairs[$0].0, pairs[$0].1, dtype)
      }
    }
    for (target, found) in zip(DType.allCases, casts) {
      check("cast to \(target)", found) { elements[$0].cast(to: target) }
    }
    for (target, found) in zip(twins, bitcasts) where dtype != .bool {
      check("bitcast to \(target)", found) { place in
        // The bits of a NaN are not specified.
        elements[place].double.isNaN
          ? HostArray(found.node).scalars[place] : elements[place].bitcast(from: dtype, to: target)
      }
    }
  }

  @Test(arguments: DType.allCases) func reductions(dtype: DType) {
    let elements = Self.elements(dtype).filter { !$0.double.isNaN }
    let x = Self.tensor(elements, dtype)
    let (largest, smallest) = (x.max(), x.min())
    let places = (x.argmax(), x.argmin())
    let copies = Tensor.concatenate([x, x.flip(axes: [0])], axis: 0)
    Tensor.realize([largest, smallest, places.0, places.1, copies])
    let order = elements.indices.sorted { elements[$0].precedes(elements[$1], dtype) }
    #expect(HostArray(largest.node).scalars[0].double == elements[order.last!].double)
    #expect(HostArray(smallest.node).scalars[0].double == elements[order.first!].double)
    #expect(elements[places.0.ints[0]].double == elements[order.last!].double)
    #expect(elements[places.1.ints[0]].double == elements[order.first!].double)
    #expect(HostArray(copies.node).scalars == elements + elements.reversed())
  }

  /// Loops of every length around that of a strip, in which 16-bit numbers are widened and narrowed.
  @Test(arguments: [DType.float16, .bfloat16]) func stripsOfEveryLength(dtype: DType) throws {
    for count in [1, 15, 16, 17, 63, 64, 65, 127, 129, 5000] {
      let numbers = (0..<count).map { Double($0 % 97) / 8 - 5 }
      let x = Tensor(shape: [count], numbers, dtype: dtype)
      #expect(
        ((x * 2 + 1) * x).doubles
          == numbers.map { number in
            func rounded(_ value: Double) -> Double { Scalar.real(value).cast(to: dtype).double }
            return rounded(rounded(rounded(number * 2) + 1) * number)
          })
      #expect(x.flip(axes: [0]).doubles == numbers.reversed())
      #expect(x.max().item == numbers.max()!)
    }
  }

  /// Partial sums of chunks, or of lanes, are not rounded to the type: 4096 ones are 4096 in bfloat16 too.
  @Test(arguments: [DType.float16, .bfloat16]) func sumsOf16BitsAreRoundedOnce(dtype: DType) {
    let ones = Tensor(shape: [1024, 1024], [Float](repeating: 1, count: 1 << 20), dtype: dtype)
    #expect(ones.sum(axis: 0).doubles == [Double](repeating: 1024, count: 1024))
    #expect(ones.sum().item == (dtype == .float16 ? .infinity : 0x1p20))
    #expect(ones.mean().item == 1)
    #expect(ones.matmul(Tensor.ones([1024], dtype: dtype)).doubles == [Double](repeating: 1024, count: 1024))
    let index = Tensor(shape: [1024, 1024], [Int32](repeating: 3, count: 1 << 20))
    let sums = Tensor.zeros([8, 1024], dtype: dtype).scatterAdd(index, ones, axis: 0)
    #expect(sums.sum(axis: 1).doubles[3] == (dtype == .float16 ? .infinity : 0x1p20))
    #expect(sums[3].doubles == [Double](repeating: 1024, count: 1024))
  }

  @Test func readingAndPrinting() {
    let large = Tensor([UInt64.max, 5])
    #expect(large.dtype == .uint64 && large.unsignedInts == [.max, 5])
    #expect("\(large)".contains("18446744073709551615"))
    #expect((large + 1).unsignedInts == [0, 6])
    #expect(Tensor([Int8(-5), 127]).ints == [-5, 127])
    let half = Tensor([0.1, 2049], dtype: .float16)
    #expect(half.floats == [0.099975586, 2048])
    #expect("\(half)" == "Tensor([   0.1, 2048.0], float16[2])")
    #expect(Tensor.full([2], 1, dtype: .bfloat16).floats == [1, 1])
    let literal: Tensor = [[1, 2], [3, 4]]
    #expect(literal.cast(to: .uint16).ints == [1, 2, 3, 4])
    #if !(os(macOS) && arch(x86_64))
      #expect(Tensor([Float16(1.5), -2]).dtype == .float16)
    #endif
  }

  @Test(arguments: [DType.float16, .bfloat16]) func randomNumbers(dtype: DType) {
    let generator = RandomGenerator(seed: 7)
    let uniform = Tensor.uniform([20_000], dtype: dtype, using: generator)
    let normal = Tensor.normal([20_000], dtype: dtype, using: generator)
    Tensor.realize(uniform, normal)
    #expect(uniform.dtype == dtype && normal.dtype == dtype)
    let numbers = uniform.doubles
    #expect(numbers.allSatisfy { 0..<1 ~= $0 })
    #expect(abs(numbers.reduce(0, +) / 20_000 - 0.5) < 0.01)
    #expect(Set(numbers).count > (dtype == .float16 ? 1900 : 250))
    let draws = normal.doubles
    #expect(abs(draws.reduce(0, +) / 20_000) < 0.03)
    #expect(abs(draws.reduce(0) { $0 + $1 * $1 } / 20_000 - 1) < 0.05)
  }
}

extension Scalar {
  /// Whether the element is less than another of the same dtype.
  fileprivate func precedes(_ other: Scalar, _ dtype: DType) -> Bool { BinaryOp.less.apply(self, other, dtype).isTrue }
}
