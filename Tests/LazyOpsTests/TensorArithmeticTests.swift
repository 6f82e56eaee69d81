import LazyOps
import Testing

@Suite struct TensorArithmeticTests {
  let a = Tensor([[1.0, 2], [3, 4]])
  let b = Tensor([10.0, 20])

  @Test func equalOperandsMakeOneNode() {
    let x = Tensor([1.0, 2])
    let y = Tensor([3.0, 4])
    #expect(ops(of: x + y) == [.buffer, .buffer, .binary(.add)])
    #expect(ops(of: x * 0.5) == [.buffer, .constant(.real(0.5)), .binary(.multiply)])
    #expect(ops(of: a + b) == [.buffer, .buffer, .reshape, .expand, .binary(.add)])
    #expect(ops(of: a + b.reshape(1, 2)) == [.buffer, .buffer, .reshape, .expand, .binary(.add)])
  }

  @Test func operatorsOnTensors() throws {
    try expect(a + b, [11, 22, 13, 24], [2, 2])
    try expect(a - b, [-9, -18, -7, -16])
    try expect(a * b, [10, 40, 30, 80])
    try expect(b / a, [10, 10, 10.0 / 3, 5])
    try expect(-a, [-1, -2, -3, -4])
    try expect(a.reshape(2, 1, 2) + a, [2, 4, 4, 6, 4, 6, 6, 8], [2, 2, 2])
    try expect(Tensor([[1.0], [2]]) * Tensor([[3.0, 4]]), [3, 4, 6, 8], [2, 2])
    try expect(Tensor.zeros([0, 2]) + b, [], [0, 2])
  }

  @Test func operatorsOnNumbers() throws {
    try expect(a + 1, [2, 3, 4, 5])
    try expect(1 - a, [0, -1, -2, -3])
    try expect(a * Float(0.5), [0.5, 1, 1.5, 2])
    try expect(2.0 / a, [2, 1, 2.0 / 3, 0.5])
    try expect(10 % Tensor([3, -3]), [1, -2], dtype: .int64)
    var x = a
    x += 1
    x *= b
    x -= a
    x /= 2
    try expect(x, [9.5, 29, 18.5, 48])
    x %= 5
    try expect(x, [4.5, 4, 3.5, 3])
    try expect(a, [1, 2, 3, 4], comment: "other copies do not change")
  }

  @Test func divisionAndRemainderFollowTheFloor() throws {
    let x = Tensor([5, -5, 5, -5])
    let y = Tensor([3, 3, -3, -3])
    try expect(x % y, [2, 1, -1, -2], dtype: .int64)
    try expect(x.floorDivided(by: y), [1, -2, -2, 1], dtype: .int64)
    try expect(x / y, [5.0 / 3, -5.0 / 3, -5.0 / 3, 5.0 / 3], dtype: .float32)
    try expect(x.cast(to: .float32) % y, [2, 1, -1, -2], dtype: .float32)
    try expect(x.floorDivided(by: 2), [2, -3, 2, -3], dtype: .int64)
    try expect(Tensor([7.5, -7.5]).floorDivided(by: 2), [3, -4], dtype: .float32)
  }

  @Test func powers() throws {
    try expect(a.pow(2), [1, 4, 9, 16])
    #expect(ops(of: a.pow(2)) == [.buffer, .binary(.multiply)])
    try expect(a.pow(3), [1, 8, 27, 64])
    try expect(a.pow(0.5), [1, 1.4142136, 1.7320508, 2])
    try expect(a.pow(-1), [1, 0.5, 1.0 / 3, 0.25])
    try expect(a.pow(1.5), [1, 2.8284271, 5.1961524, 8])
    try expect(a.pow(b / 10), [1, 4, 3, 16])
    try expect(Tensor([2, 3]).pow(4), [16, 81], dtype: .int64)
    try expect(Tensor([2, 3]).pow(0.5), [1.4142136, 1.7320508], dtype: .float32)
  }

  @Test func extremesAndClamp() throws {
    let x = Tensor([-2, 0.5, .nan, 3])
    try expect(.maximum(x, 0), [0, 0.5, .nan, 3])
    try expect(.minimum(x, Tensor([0.0, 1, 1, 1])), [-2, 0.5, .nan, 1])
    try expect(x.clamp(min: -1, max: 1), [-1, 0.5, .nan, 1])
    try expect(x.clamp(max: 1), [-2, 0.5, .nan, 1])
    try expect(Tensor([1, 5]).clamp(min: 2), [2, 5], dtype: .int64)
    let ends = Tensor([-1.0, 0, 1])
    try expect(ends.clamp(min: -1, max: 1).sum().gradients(with: [ends])[0], [1, 1, 1])
  }

  @Test func truthValuesAddAndMultiplyAsLogic() throws {
    let x = Tensor([true, true, false])
    let y = Tensor([true, false, false])
    try expect(x + y, [1, 1, 0], dtype: .bool)
    try expect(x * y, [1, 0, 0], dtype: .bool)
    try expect(x / y, [1, .infinity, .nan], dtype: .float32)
    try expect(x + 1, [2, 2, 1], dtype: .int64)
    try expect(x * 0.5, [0.5, 0.5, 0], dtype: .float32)
  }

  @Test func comparisons() throws {
    let x = Tensor([1, 2, .nan])
    let y = Tensor([2.0, 2, 2])
    try expect(x .< y, [1, 0, 0], dtype: .bool)
    try expect(x .<= y, [1, 1, 0])
    try expect(x .> y, [0, 0, 0])
    try expect(x .>= y, [0, 1, 0])
    try expect(x .== y, [0, 1, 0])
    try expect(x .!= y, [1, 0, 1])
    try expect(x .> 1, [0, 1, 0])
    try expect(x .>= 1, [1, 1, 0])
    try expect(Tensor([1, 2]) .< 1.5, [1, 0], comment: "an integer is not rounded to compare it")
    try expect(Tensor([1, .nan, .infinity, -.infinity]).isNaN(), [0, 1, 0, 0])
    try expect(Tensor([1, .nan, .infinity, -.infinity]).isInfinite(), [0, 0, 1, 1])
    try expect(Tensor([1, .nan, .infinity, -.infinity]).isFinite(), [1, 0, 0, 0])
    try expect(Tensor([1, 2]).isFinite(), [1, 1], dtype: .bool)
  }

  @Test func whereBroadcastsAndPromotes() throws {
    let condition = Tensor([true, false])
    try expect(.where(condition, a, b), [1, 20, 3, 20], [2, 2])
    try expect(.where(condition, a, 0), [1, 0, 3, 0])
    try expect(.where(condition, -1, a), [-1, 2, -1, 4])
    try expect(.where(a .> 2, condition, Tensor([5, 6])), [5, 6, 1, 0], [2, 2], dtype: .int64)
    try expect(.where(a .> 2, Tensor([7, 8]), 0.5), [0.5, 0.5, 7, 8], [2, 2], dtype: .float32)
    try expect(.where(condition, 1.0, 0.0), [1, 0], [2], dtype: .float32)
    try expect(.where(condition, Tensor(Double.nan), 2), [.nan, 2])
  }

  @Test func logicAndBits() throws {
    let x = Tensor([true, true, false, false])
    let y = Tensor([true, false, true, false])
    try expect(x .& y, [1, 0, 0, 0], dtype: .bool)
    try expect(x .| y, [1, 1, 1, 0])
    try expect(x .^ y, [0, 1, 1, 0])
    try expect(.!x, [0, 0, 1, 1])
    let i = Tensor([Int32(6), -1])
    try expect(i & 3, [2, 3], dtype: .int32)
    try expect(i | 8, [14, -1])
    try expect(i ^ Tensor([Int32(5), 5]), [3, -6])
    try expect(~i, [-7, 0])
    try expect(i << 4, [96, -16])
    try expect(i >> 1, [3, -1])
    try expect(Tensor([UInt32.max]) << 31, [2_147_483_648], dtype: .uint32)
    try expect(Tensor([1]) << 64, [0])
  }

  @Test func misuseNamesTheOpAndTheShapes() async {
    let shapes = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2, 3]) + Tensor.zeros([4])
    }
    #expect(says(shapes?.standardErrorContent ?? [], "[add] shapes do not broadcast: [2, 3] and [4]"))
    let truth = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([true]) - Tensor([false])
    }
    #expect(says(truth?.standardErrorContent ?? [], "[subtract] does not take bool"))
    let bits = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor([1.0]) & Tensor([2.0])
    }
    #expect(says(bits?.standardErrorContent ?? [], "[and] does not take float32"))
  }
}

@Suite struct TensorPromotionTests {
  /// PyTorch's table for two tensors of rank 1. Of uint16, uint32 and uint64 beside other integers PyTorch has no opinion;
  /// here the result holds both, or there is none.
  // swift-format-ignore
  static let table = """
    +         bool      uint8     int8      int16     uint16    int32     uint32    int64     uint64    float16   bfloat16  float32   float64
    bool      bool      uint8     int8      int16     uint16    int32     uint32    int64     uint64    float16   bfloat16  float32   float64
    uint8     uint8     uint8     int16     int16     uint16    int32     uint32    int64     uint64    float16   bfloat16  float32   float64
    int8      int8      int16     int8      int16     int32     int32     int64     int64     -         float16   bfloat16  float32   float64
    int16     int16     int16     int16     int16     int32     int32     int64     int64     -         float16   bfloat16  float32   float64
    uint16    uint16    uint16    int32     int32     uint16    int32     uint32    int64     uint64    float16   bfloat16  float32   float64
    int32     int32     int32     int32     int32     int32     int32     int64     int64     -         float16   bfloat16  float32   float64
    uint32    uint32    uint32    int64     int64     uint32    int64     uint32    int64     uint64    float16   bfloat16  float32   float64
    int64     int64     int64     int64     int64     int64     int64     int64     int64     -         float16   bfloat16  float32   float64
    uint64    uint64    uint64    -         -         uint64    -         uint64    -         uint64    float16   bfloat16  float32   float64
    float16   float16   float16   float16   float16   float16   float16   float16   float16   float16   float16   float32   float32   float64
    bfloat16  bfloat16  bfloat16  bfloat16  bfloat16  bfloat16  bfloat16  bfloat16  bfloat16  bfloat16  float32   bfloat16  float32   float64
    float32   float32   float32   float32   float32   float32   float32   float32   float32   float32   float32   float32   float32   float64
    float64   float64   float64   float64   float64   float64   float64   float64   float64   float64   float64   float64   float64   float64
    """

  @Test(arguments: DType.allCases) func twoTensors(a: DType) {
    let lines = Self.table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    #expect(lines.count == DType.allCases.count + 1)
    let row = lines.first { $0[0] == "\(a)" }!
    for b in DType.allCases {
      let expected = row[lines[0].firstIndex(of: "\(b)")!]
      #expect(DType.promoted(a, b).map { "\($0)" } ?? "-" == expected, "\(a), \(b)")
      guard let dtype = DType.promoted(a, b) else { continue }
      #expect((Tensor.zeros([2], dtype: a) + Tensor.zeros([2], dtype: b)).dtype == dtype, "\(a) + \(b)")
      #expect(Tensor.promotedDType(.zeros([], dtype: a), .zeros([], dtype: b)) == dtype, "scalars \(a), \(b)")
    }
  }

  @Test func uint64HasNoCommonDTypeWithSignedIntegers() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = Tensor.zeros([2], dtype: .uint64) + Tensor.zeros([2], dtype: .int8)
    }
    #expect(says(result?.standardErrorContent ?? [], "uint64 and int8 have no common dtype"))
    #expect((Tensor.zeros([2], dtype: .uint64) + Tensor.zeros([], dtype: .int8)).dtype == .uint64)
    #expect((Tensor.zeros([2], dtype: .uint64) + 1).dtype == .uint64)
  }

  @Test func aTensorOfRankZeroCountsByItsKind() {
    func sum(_ a: DType, scalar b: DType) -> DType {
      let (x, y) = (Tensor.zeros([2], dtype: a), Tensor.zeros([], dtype: b))
      #expect((x + y).dtype == (y + x).dtype)
      return (x + y).dtype
    }
    #expect(sum(.float32, scalar: .float64) == .float32)
    #expect(sum(.int32, scalar: .int64) == .int32)
    #expect(sum(.uint8, scalar: .int64) == .uint8)
    #expect(sum(.float32, scalar: .int64) == .float32)
    #expect(sum(.int64, scalar: .float64) == .float64)
    #expect(sum(.int64, scalar: .float32) == .float32)
    #expect(sum(.bool, scalar: .int32) == .int32)
    #expect(sum(.int32, scalar: .bool) == .int32)
  }

  @Test func numbersAreWeaklyTyped() {
    func x(_ dtype: DType) -> Tensor { .zeros([2], dtype: dtype) }
    #expect((x(.float64) * 2.0).dtype == .float64)
    #expect((x(.float32) * 2.0).dtype == .float32)
    #expect((x(.float32) + 2).dtype == .float32)
    #expect((x(.int32) + 1).dtype == .int32)
    #expect((x(.uint8) + 1).dtype == .uint8)
    #expect((x(.int8) + 1).dtype == .int8)
    #expect((x(.float16) * 2.0).dtype == .float16)
    #expect((x(.bfloat16) + 1).dtype == .bfloat16)
    #expect((x(.float16) * Float(2)).dtype == .float16)
    #expect((x(.int64) + 1.5).dtype == .float32)
    #expect((x(.bool) + 1).dtype == .int64)
    #expect((x(.bool) + true).dtype == .bool)
    #expect((x(.int32) + true).dtype == .int32)
    #expect((x(.int32) / 2).dtype == .float32)
    #expect((x(.float64) / 2).dtype == .float64)
    #expect((2 / x(.bool)).dtype == .float32)
  }

  @Test func anIntegerNumberIsExactInFloat64() throws {
    try expect(Tensor([0.0], dtype: .float64) + 0.1, [0.1], dtype: .float64, tolerance: 0)
  }
}
