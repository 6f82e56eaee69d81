import LazyOps
import LazyRuntime
import Testing

/// How far the generated C's elementwise functions are from the correctly rounded result, in units in the last place.
@Suite struct MathAccuracyTests {
  /// Numbers of all magnitudes: every so many-th bit pattern of `float32`, infinities and NaN among them.
  private static let samples: [Float] =
    stride(from: UInt32(0), to: .max - 65_521, by: 65_521).map { Float(bitPattern: $0) }
    + [
      0, -0.0, 1, -1, 0.5, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 88.7, -103.9,
    ]

  /// The units a function may be off; 0 where the result is exact.
  private static func bound(_ op: UnaryOp) -> Double {
    switch op {
    case .negate, .absolute, .sign, .not, .sqrt, .reciprocal, .floor, .ceiling, .round, .truncate: 0
    case .exp, .exp2, .expm1, .log, .log2, .log1p, .sin, .cos, .tanh, .erf: 2
    case .tan: 4
    }
  }

  @Test func unaryFunctions() {
    let x = Tensor(shape: [Self.samples.count], Self.samples)
    let ops = UnaryOp.allCases.filter { $0.accepts(.float32) }
    let results = ops.map { Tensor(.unary($0), [x], shape: x.shape, dtype: .float32) }
    Tensor.realize(results)
    for (op, result) in zip(ops, results) {
      var worst = (error: 0.0, at: Float(0), got: Float(0))
      for (sample, value) in zip(Self.samples, result.floats) {
        let exact = op.apply(.real(Double(sample)), .float64).double
        let error = Self.units(value, from: exact)
        if error > worst.error { worst = (error, sample, value) }
      }
      // Half a unit is the rounding of an exact result.
      #expect(worst.error <= Self.bound(op) + 0.5, "\(op)(\(worst.at)) gives \(worst.got)")
    }
  }

  /// Where the argument is seen not to be positive, as after the subtraction of a maximum, there is an exponential of its own.
  @Test func exponentialOfWhatIsNotPositive() {
    let x = Tensor(shape: [Self.samples.count], Self.samples)
    let results = [Tensor.minimum(x, 0).exp(), (-x.abs()).exp()]
    Tensor.realize(results)
    func exact(_ x: Double) -> Double { UnaryOp.exp.apply(.real(x), .float64).double }
    for (sample, (a, b)) in zip(Self.samples, zip(results[0].floats, results[1].floats)) {
      let (first, second) = (exact(min(Double(sample), 0)), exact(-abs(Double(sample))))
      #expect(Self.units(a, from: sample.isNaN ? .nan : first) <= 1.5, "exp(min(\(sample), 0)) gives \(a)")
      #expect(Self.units(b, from: second) <= 1.5, "exp(-|\(sample)|) gives \(b)")
    }
    #expect(Tensor([-Float.infinity, 0, 3]).softmax(axis: 0).floats[0] == 0)
    #expect(Tensor([-Float.infinity, -.infinity]).softmax(axis: 0).floats.allSatisfy { $0.isNaN })
  }

  /// Within one unit of the rounded result, for every seventh element.
  @Test(arguments: [DType.float16, .bfloat16]) func unaryFunctionsOf16Bits(dtype: DType) {
    let patterns = stride(from: UInt16(0), to: .max - 7, by: 7).map { $0 }
    let x = Tensor(shape: [patterns.count], patterns).bitcast(to: dtype)
    let ops = UnaryOp.allCases.filter { $0.accepts(dtype) }
    let results = ops.map { Primitive.unary($0, x) }
    Tensor.realize([x] + results)
    let elements = x.doubles
    for (op, result) in zip(ops, results) {
      let wrong = zip(elements, result.doubles).filter { element, value in
        let exact = op.apply(.real(element), dtype).double
        if exact.isNaN || value.isNaN { return exact.isNaN != value.isNaN }
        if exact == value { return exact.sign != value.sign }
        // Patterns of one sign are in the order of the numbers.
        let places = [exact, value].map { Int(Scalar.real($0).bitcast(from: dtype, to: .int16).int64 & 0x7FFF) }
        return Self.bound(op) == 0 || exact.sign != value.sign || abs(places[0] - places[1]) > 1
      }
      #expect(wrong.isEmpty, "\(op): \(wrong.prefix(5))")
    }
  }

  @Test func power() {
    let bases: [Float] = [0, -0.0, 0.5, 1, -1, 2, -2, 3.5, 10, .infinity, -.infinity, .nan, 1e-30, 1e30]
    let exponents: [Float] = [0, 1, -1, 2, 0.5, -0.5, 3, -3, 10.5, .infinity, -.infinity, .nan, 1e-3]
    let pairs = bases.flatMap { base in exponents.map { (base, $0) } }
    let result = Tensor(pairs.map(\.0)).pow(Tensor(pairs.map(\.1))).floats
    for ((base, exponent), value) in zip(pairs, result) {
      let exact = BinaryOp.power.apply(.real(Double(base)), .real(Double(exponent)), .float64).double
      #expect(Self.units(value, from: exact) <= 4.5, "\(base) to the \(exponent) gives \(value), not \(exact)")
    }
  }

  /// The distance of a number from an exact result, in units in the last place of the latter.
  private static func units(_ value: Float, from exact: Double) -> Double {
    let rounded = Float(exact)
    if value.isNaN || rounded.isNaN { return value.isNaN && rounded.isNaN ? 0 : .infinity }
    if value == rounded { return value.sign == rounded.sign ? 0 : .infinity }
    if rounded.isInfinite || value.isInfinite {
      // On the edge of the range the neighbour of infinity is one unit away.
      return max(abs(value), abs(rounded)) == .infinity && min(abs(value), abs(rounded)) == .greatestFiniteMagnitude
        ? 1 : .infinity
    }
    return abs(Double(value) - exact) / Double(rounded.ulp)
  }
}
