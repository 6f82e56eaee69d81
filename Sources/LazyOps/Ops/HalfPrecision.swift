// The 16-bit floating-point types, on machines with and without them: float16 is IEEE 754 binary16, bfloat16 the upper
// half of a binary32. Swift's own Float16 is not available everywhere.
extension Float {
  /// The bits of the nearest `float16`, of two the even one; too large becomes infinity, and NaN stays one.
  package var float16Bits: UInt16 {
    let magnitude = bitPattern & 0x7FFF_FFFF
    let sign = UInt16(truncatingIfNeeded: bitPattern >> 16) & 0x8000
    if magnitude >= 0x4780_0000 { return sign | (magnitude > 0x7F80_0000 ? 0x7E00 : 0x7C00) }
    if magnitude < 0x3880_0000 {
      // Below the least normal number: the last bit of a sum with 1/2 is worth as much as that of the result.
      return sign | UInt16(truncatingIfNeeded: (Float(bitPattern: magnitude) + 0.5).bitPattern &- 0x3F00_0000)
    }
    let rounded = magnitude &- 0x3800_0000 &+ 0xFFF &+ (magnitude >> 13 & 1)
    return sign | UInt16(truncatingIfNeeded: rounded >> 13)
  }

  /// Creates the number whose bits as a `float16` are given.
  package init(float16Bits bits: UInt16) {
    let magnitude = UInt32(bits & 0x7FFF) << 13
    let sign = UInt32(bits & 0x8000) << 16
    switch magnitude {
    case 0x0F80_0000...: self.init(bitPattern: sign | magnitude &+ 0x7000_0000)
    case 0x0080_0000...: self.init(bitPattern: sign | magnitude &+ 0x3800_0000)
    case _:
      let small = Float(bitPattern: magnitude &+ 0x3880_0000) - 0x1p-14
      self.init(bitPattern: sign | small.bitPattern)
    }
  }

  /// The bits of the nearest `bfloat16`, of two the even one; NaN stays one.
  package var bfloat16Bits: UInt16 {
    if isNaN { return UInt16(truncatingIfNeeded: bitPattern >> 16) | 0x40 }
    return UInt16(truncatingIfNeeded: (bitPattern &+ 0x7FFF &+ (bitPattern >> 16 & 1)) >> 16)
  }

  /// Creates the number whose bits as a `bfloat16` are given.
  package init(bfloat16Bits bits: UInt16) { self.init(bitPattern: UInt32(bits) << 16) }

  /// Returns the nearest number that an element of a floating-point type can be.
  package func rounded(to dtype: DType) -> Float {
    switch dtype {
    case .float16: Float(float16Bits: float16Bits)
    case .bfloat16: Float(bfloat16Bits: bfloat16Bits)
    case .float32, .float64: self
    case .bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64:
      preconditionFailure("bug: \(dtype) elements are not floating point")
    }
  }
}
