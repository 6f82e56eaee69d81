import Foundation
import LazyOps
import Testing

@Suite struct HostTests {
  /// A function's value at a few points, among them what is special about it.
  static func samples(of op: UnaryOp) -> [(x: Double, value: Double)] {
    switch op {
    case .negate: [(1.5, -1.5), (0, -0.0), (.infinity, -.infinity)]
    case .absolute: [(-1.5, 1.5), (-0.0, 0), (-.infinity, .infinity)]
    case .sign: [(-3, -1), (0, 0), (7, 1), (.nan, .nan), (.infinity, 1)]
    case .not: []
    case .sqrt: [(9, 3), (-1, .nan), (-0.0, -0.0)]
    case .reciprocal: [(4, 0.25), (0, .infinity), (-0.0, -.infinity)]
    case .exp: [(0, 1), (1, 2.718281828459045), (-.infinity, 0)]
    case .exp2: [(3, 8), (-1, 0.5), (0.5, 1.4142135623730951)]
    case .expm1: [(1e-20, 1e-20), (0, 0), (-.infinity, -1)]
    case .log: [(1, 0), (0, -.infinity), (-1, .nan)]
    case .log2: [(8, 3), (0.25, -2), (0, -.infinity)]
    case .log1p: [(1e-20, 1e-20), (-1, -.infinity)]
    case .sin: [(0, 0), (1, 0.8414709848078965), (.infinity, .nan)]
    case .cos: [(0, 1), (1, 0.5403023058681398)]
    case .tan: [(0, 0), (1, 1.5574077246549023)]
    case .tanh: [(0, 0), (.infinity, 1), (1, 0.7615941559557649)]
    case .erf: [(0, 0), (1, 0.8427007929497149), (-.infinity, -1)]
    case .floor: [(1.5, 1), (-1.5, -2), (-0.0, -0.0)]
    case .ceiling: [(1.5, 2), (-1.5, -1)]
    case .round: [(0.5, 0), (1.5, 2), (2.5, 2), (-2.5, -2)]
    case .truncate: [(1.9, 1), (-1.9, -1)]
    }
  }

  @Test(arguments: UnaryOp.allCases) func unaryOfReals(op: UnaryOp) {
    #expect(Self.samples(of: op).isEmpty == !op.accepts(.float64))
    for (x, value) in Self.samples(of: op) {
      let result = op.apply(.real(x), .float64).double
      #expect(isSame([result], [value]) || abs(result - value) <= 1e-15, "\(op) of \(x)")
      let rounded = op.apply(.real(x), .float32).double
      #expect(isSame([rounded], [Double(Float(result))]), "\(op) of \(x) in float32")
    }
    if op.accepts(.float64) { #expect(op.apply(.real(.nan), .float32).double.isNaN) }
  }

  @Test func unaryOfIntegers() {
    func apply(_ op: UnaryOp, _ x: Int64, _ dtype: DType) -> Scalar { op.apply(.integer(x), dtype) }
    #expect(apply(.negate, 1, .uint8) == .integer(255))
    #expect(apply(.negate, .min, .int64) == .integer(.min))
    #expect(apply(.absolute, Int64(Int32.min), .int32) == .integer(Int64(Int32.min)))
    #expect(apply(.absolute, -5, .int64) == .integer(5))
    #expect(apply(.sign, -5, .int32) == .integer(-1))
    #expect(apply(.not, 0, .uint32) == .integer(Int64(UInt32.max)))
    #expect(apply(.not, 0, .bool) == .integer(1))
    #expect(apply(.not, 1, .bool) == .integer(0))
  }

  static let reals: [(BinaryOp, Double, Double, Double)] = [
    (.add, 1, 2, 3), (.subtract, 1, 2, -1), (.multiply, -0.0, 2, -0.0), (.divide, 1, 0, .infinity),
    (.divide, 0, 0, .nan), (.floorDivide, 7, 2, 3), (.floorDivide, -7, 2, -4), (.floorDivide, 7, -2, -4),
    (.floorDivide, 1, 0.1, 9), (.floorDivide, -5, .infinity, -1), (.floorDivide, 1, 0, .infinity),
    (.floorDivide, .infinity, 2, .nan), (.remainder, 7, 3, 1), (.remainder, -7, 3, 2), (.remainder, 7, -3, -2),
    (.remainder, 5.5, 2, 1.5), (.remainder, 1, 0, .nan), (.power, 2, 10, 1024), (.power, 0, 0, 1),
    (.power, .nan, 0, 1), (.power, -8, 1 / 3.0, .nan), (.maximum, 1, 2, 2), (.maximum, .nan, 2, .nan),
    (.maximum, 2, .nan, .nan), (.maximum, -.infinity, 1, 1), (.minimum, 1, 2, 1), (.minimum, 2, .nan, .nan),
    (.minimum, .nan, 2, .nan), (.equal, 0, -0.0, 1), (.equal, .nan, .nan, 0), (.notEqual, .nan, .nan, 1),
    (.less, 1, 2, 1), (.less, .nan, 2, 0), (.lessEqual, 2, 2, 1), (.lessEqual, 3, 2, 0),
  ]

  @Test func binaryOfReals() {
    for (op, a, b, value) in Self.reals {
      #expect(isSame([op.apply(.real(a), .real(b), .float64).double], [value]), "\(op) of \(a) and \(b)")
    }
    #expect(Set(Self.reals.map(\.0)) == Set(BinaryOp.allCases.filter { $0.accepts(.float64) }))
    // Rounded after one operation in double.
    #expect(BinaryOp.add.apply(.real(1), .real(1e-10), .float32) == .real(1))
    #expect(BinaryOp.multiply.apply(.real(1e30), .real(1e30), .float32) == .real(.infinity))
  }

  static let integers: [(BinaryOp, DType, Int64, Int64, Int64)] = [
    (.add, .int32, Int64(Int32.max), 1, Int64(Int32.min)), (.add, .int64, .max, 1, .min),
    (.subtract, .uint8, 0, 1, 255),
    (.multiply, .uint32, 1 << 31, 2, 0), (.multiply, .int64, .max, 2, -2), (.floorDivide, .int32, -7, 2, -4),
    (.floorDivide, .int32, 7, -2, -4), (.floorDivide, .int32, 7, 0, 0),
    (.floorDivide, .int32, Int64(Int32.min), -1, Int64(Int32.min)), (.floorDivide, .int64, .min, -1, .min),
    (.floorDivide, .uint32, 4_294_967_295, 2, 2_147_483_647), (.remainder, .int32, -7, 3, 2),
    (.remainder, .int32, 7, -3, -2), (.remainder, .int32, 7, 0, 0), (.remainder, .int64, .min, -1, 0),
    (.power, .int32, 3, 4, 81), (.power, .int32, -2, 31, Int64(Int32.min)), (.power, .int32, 2, 32, 0),
    (.power, .int64, 2, -1, 0), (.power, .int64, -1, -3, -1), (.power, .int64, 0, 0, 1), (.maximum, .int32, -1, 2, 2),
    (.minimum, .bool, 1, 0, 0), (.equal, .bool, 1, 1, 1), (.notEqual, .uint8, 1, 1, 0), (.less, .int32, -1, 0, 1),
    (.lessEqual, .uint32, 5, 4, 0), (.and, .uint8, 6, 3, 2), (.or, .bool, 1, 0, 1), (.xor, .int32, -1, 1, -2),
    (.shiftLeft, .uint8, 129, 1, 2), (.shiftLeft, .int32, 1, 31, Int64(Int32.min)), (.shiftLeft, .int32, 1, 32, 0),
    (.shiftLeft, .int64, 1, -1, 0), (.shiftRight, .int32, -8, 1, -4), (.shiftRight, .int32, -8, 32, -1),
    (.shiftRight, .int32, 8, -1, 0), (.shiftRight, .uint32, 1 << 31, 31, 1), (.shiftRight, .uint32, 1 << 31, 32, 0),
  ]

  @Test func binaryOfIntegers() {
    for (op, dtype, a, b, value) in Self.integers {
      let result = op.apply(.integer(a), .integer(b), dtype)
      #expect(result == .integer(value), "\(op) of \(dtype) \(a) and \(b)")
    }
    #expect(Set(Self.integers.map(\.0)) == Set(BinaryOp.allCases.filter { $0.accepts(.int32) || $0.accepts(.bool) }))
  }

  @Test(arguments: BinaryOp.allCases.filter(\.isCommutative)) func commutativeOpsAre(op: BinaryOp) {
    for dtype in DType.allCases where op.accepts(dtype) {
      let numbers: [Double] = [-3, -0.0, 0, 1, 2.5, .infinity]
      let values = numbers.map { Scalar.real($0).cast(to: dtype) }
      for a in values {
        for b in values { #expect(isSame([op.apply(a, b, dtype).double], [op.apply(b, a, dtype).double])) }
      }
    }
  }

  @Test(arguments: ReduceOp.allCases, DType.allCases) func identitiesChangeNothing(op: ReduceOp, dtype: DType) {
    guard op.accepts(dtype) else { return }
    for number in [-2.0, 0, 1, 3.5, .infinity] {
      let value = Scalar.real(number).cast(to: dtype)
      #expect(op.combine(op.identity(dtype), value, dtype) == value)
      #expect(op.combine(value, op.identity(dtype), dtype) == value)
    }
  }

  @Test func bitcasts() {
    #expect(Scalar.real(1).bitcast(from: .float32, to: .int32) == .integer(0x3F80_0000))
    #expect(Scalar.real(-0.0).bitcast(from: .float32, to: .uint32) == .integer(0x8000_0000))
    #expect(Scalar.integer(-1).bitcast(from: .int32, to: .uint32) == .integer(0xFFFF_FFFF))
    #expect(Scalar.integer(Int64(bitPattern: 0x4000 << 48)).bitcast(from: .int64, to: .float64) == .real(2))
    #expect(Scalar.integer(0x4040_0000).bitcast(from: .uint32, to: .float32) == .real(3))
    #expect(Scalar.integer(2).bitcast(from: .uint8, to: .bool) == .integer(1))
  }
}
