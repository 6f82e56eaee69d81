import LazyOps
import Testing

/// The 16-bit floating-point types on the host.
@Suite struct HalfPrecisionTests {
  #if !(os(macOS) && arch(x86_64))
    @Test func float16IsSwifts() {
      for bits in UInt16.min ... .max {
        let (found, expected) = (Float(float16Bits: bits), Float(Float16(bitPattern: bits)))
        #expect(found.isNaN ? expected.isNaN : found.bitPattern == expected.bitPattern, "\(bits)")
        if !found.isNaN { #expect(found.float16Bits == bits) }
      }
      for bits in stride(from: UInt32(0), to: .max - 65_521, by: 65_521) {
        let number = Float(bitPattern: bits)
        let (found, expected) = (Float(float16Bits: number.float16Bits), Float16(number))
        #expect(found.isNaN ? expected.isNaN : found == Float(expected) && found.sign == expected.sign, "\(number)")
      }
    }
  #endif

  @Test func bfloat16IsTheUpperHalf() {
    for bits in UInt16.min ... .max {
      let number = Float(bfloat16Bits: bits)
      #expect(number.bitPattern == UInt32(bits) << 16)
      #expect(number.isNaN ? Float(bfloat16Bits: number.bfloat16Bits).isNaN : number.bfloat16Bits == bits)
    }
    #expect(Float(bitPattern: 0x7F80_0001).rounded(to: .bfloat16).isNaN)
  }

  /// Halfway between two neighbours the even one is taken, beyond the largest number infinity, below the least normal
  /// one multiples of the least number.
  @Test(
    arguments: [
      (DType.float16, 2049.0, 2048.0), (.float16, 2051, 2052), (.float16, 65519, 65504), (.float16, 65520, .infinity),
      (.float16, 1e10, .infinity), (.float16, -65520, -.infinity), (.float16, 0x1p-24, 0x1p-24),
      (.float16, 0x1p-25, 0), (.float16, 0x1.8p-25, 0x1p-24), (.float16, 0x1.8p-24, 0x1p-23),
      (.float16, -0x1p-26, -0.0), (.float16, 0x1.ff8p-15, 0x1.ff8p-15), (.float16, 0x1.fffp-15, 0x1p-14),
      (.bfloat16, 257, 256), (.bfloat16, 259, 260), (.bfloat16, 0x1.ffp127, .infinity),
      (.bfloat16, 0x1.fep127, 0x1.fep127), (.bfloat16, 0x1p-133, 0x1p-133), (.bfloat16, 0x1p-134, 0),
      (.bfloat16, 0x1.8p-134, 0x1p-133),
    ] as [(DType, Double, Double)]) func rounding(dtype: DType, number: Double, expected: Double)
  {
    let found = Scalar.real(number).cast(to: dtype).double
    #expect(found == expected && found.sign == expected.sign)
  }

  @Test func infinitiesAndNaNStay() {
    for dtype in [DType.float16, .bfloat16] {
      #expect(Scalar.real(.infinity).cast(to: dtype) == .real(.infinity))
      #expect(Scalar.real(-.infinity).cast(to: dtype) == .real(-.infinity))
      #expect(Scalar.real(.nan).cast(to: dtype).double.isNaN)
    }
  }

  /// Through float32, as PyTorch converts: 1 + 2^-11 + 2^-40 is rounded to a tie first, and that to even.
  @Test func whatIsWiderIsRoundedTwice() {
    #expect(Scalar.real(1 + 0x1p-11 + 0x1p-40).cast(to: .float16) == .real(1))
    #expect(Scalar.real(1 + 0x1p-11 + 0x1p-20).cast(to: .float16) == .real(1 + 0x1p-10))
    #expect(Scalar.integer(2049).cast(to: .float16) == .real(2048))
    #expect(Scalar.large(1 << 63).cast(to: .bfloat16) == .real(0x1p63))
  }
}

/// Integers of 64 bits without a sign on the host.
@Suite struct UnsignedTests {
  @Test func numbersBeyondInt64() {
    #expect(Scalar(.max) == .large(.max) && Scalar(5) == .integer(5))
    #expect(Scalar.integer(-1).cast(to: .uint64) == .large(.max))
    #expect(Scalar.large(.max).cast(to: .int64) == .integer(-1))
    #expect(Scalar.large(.max).cast(to: .uint8) == .integer(255))
    #expect(Scalar.large(.max).cast(to: .float32) == .real(0x1p64))
    #expect(Scalar.large(1 << 63).cast(to: .float64) == .real(0x1p63))
    #expect(Scalar.large(1 << 63).cast(to: .bool) == .integer(1))
    #expect(Scalar.real(0x1.8p63).cast(to: .uint64) == .large(0xC000_0000_0000_0000))
    #expect(Scalar.real(1e30).cast(to: .uint64) == .large(.max))
    #expect(Scalar.real(-1.5).cast(to: .uint64) == .large(.max))
    #expect(Scalar.real(.nan).cast(to: .uint64) == .integer(0))
    #expect("\(Scalar.large(.max))" == "18446744073709551615")
  }

  static let large = UInt64.max - 1

  @Test(
    arguments: [
      (BinaryOp.add, large, 3, 1), (.subtract, 1, 2, .max), (.multiply, large, 2, .max - 3),
      (.floorDivide, large, 2, large / 2),
      (.floorDivide, 5, 0, 0), (.floorDivide, 1, large, 0), (.remainder, large, 10, 4), (.remainder, 7, 0, 0),
      (.power, 3, 40, 12_157_665_459_056_928_801), (.power, 2, 64, 0), (.power, large, large, 0), (.power, 1, large, 1),
      (.maximum, large, 1, large), (.minimum, large, 1, 1), (.less, 1, large, 1), (.lessEqual, large, 1, 0),
      (.equal, large, large, 1), (.shiftRight, large, 1, large / 2), (.shiftRight, large, 64, 0),
      (.shiftLeft, 3, 63, 1 << 63),
      (.shiftRight, large, large, 0), (.shiftLeft, 1, large, 0), (.xor, large, .max, 1),
    ] as [(BinaryOp, UInt64, UInt64, UInt64)])
  func binary(op: BinaryOp, a: UInt64, b: UInt64, value: UInt64) {
    #expect(op.apply(Scalar(a), Scalar(b), .uint64) == Scalar(value))
  }

  @Test func unary() {
    #expect(UnaryOp.negate.apply(.integer(1), .uint64) == .large(.max))
    #expect(UnaryOp.absolute.apply(.large(.max), .uint64) == .large(.max))
    #expect(UnaryOp.sign.apply(.large(.max), .uint64) == .integer(1))
    #expect(UnaryOp.not.apply(.integer(0), .uint64) == .large(.max))
  }
}
