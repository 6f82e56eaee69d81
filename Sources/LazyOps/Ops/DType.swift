/// The type of a tensor's elements.
public enum DType: UInt8, CaseIterable, Sendable {
  case bool, uint8, int32, uint32, int64, float32, float64, int8, int16, uint16, uint64, float16, bfloat16

  /// The bytes one element takes in memory.
  public var byteCount: Int {
    switch self {
    case .bool, .int8, .uint8: 1
    case .int16, .uint16, .float16, .bfloat16: 2
    case .int32, .uint32, .float32: 4
    case .int64, .uint64, .float64: 8
    }
  }

  /// Whether elements are floating-point numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float16, .bfloat16, .float32, .float64: true
    case .bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64: false
    }
  }

  /// Whether elements are integers; `bool` is not one.
  public var isInteger: Bool { !isFloatingPoint && self != .bool }

  /// The significant bits of an integer type, and whether it has a sign; nil for `bool` and floating point.
  package var integerWidth: (bits: Int, isSigned: Bool)? {
    switch self {
    case .bool, .float16, .bfloat16, .float32, .float64: nil
    case .int8: (8, true)
    case .uint8: (8, false)
    case .int16: (16, true)
    case .uint16: (16, false)
    case .int32: (32, true)
    case .uint32: (32, false)
    case .int64: (64, true)
    case .uint64: (64, false)
    }
  }

  /// The bits of a floating-point type's significand, the leading one included; nil for all others.
  package var significandBits: Int? {
    switch self {
    case .bool, .int8, .uint8, .int16, .uint16, .int32, .uint32, .int64, .uint64: nil
    case .float16: 11
    case .bfloat16: 8
    case .float32: 24
    case .float64: 53
    }
  }

  /// Whether elements are 16-bit floating-point numbers: they are computed with in `float32`.
  package var isHalf: Bool { self == .float16 || self == .bfloat16 }

  /// The type that elements are computed with in: `float32` for the 16-bit floating-point types, else the type itself.
  package var arithmetic: DType { isHalf ? .float32 : self }
}

extension DType: CustomStringConvertible {
  /// The name as PyTorch spells it: `float32`, `bool`.
  public var description: String {
    switch self {
    case .bool: "bool"
    case .int8: "int8"
    case .uint8: "uint8"
    case .int16: "int16"
    case .uint16: "uint16"
    case .int32: "int32"
    case .uint32: "uint32"
    case .int64: "int64"
    case .uint64: "uint64"
    case .float16: "float16"
    case .bfloat16: "bfloat16"
    case .float32: "float32"
    case .float64: "float64"
    }
  }
}

extension DType {
  /// Returns the type both operands of an elementwise op are cast to, as PyTorch promotes two tensors:
  /// bool < integers < floating point, the wider of two alike, `float32` for the two 16-bit floating-point types, and
  /// for an unsigned with a signed type of no more bits the next wider signed one; nil where there is none, which is so
  /// for `uint64` with a signed type only.
  public static func promoted(_ a: DType, _ b: DType) -> DType? {
    if a == b { return a }
    if a.isFloatingPoint || b.isFloatingPoint {
      guard a.isFloatingPoint else { return b }
      guard b.isFloatingPoint else { return a }
      if a.byteCount == b.byteCount { return .float32 }
      return a.byteCount > b.byteCount ? a : b
    }
    guard let x = a.integerWidth else { return b }
    guard let y = b.integerWidth else { return a }
    if x.isSigned == y.isSigned { return x.bits >= y.bits ? a : b }
    let (signed, unsigned) = x.isSigned ? (a, b) : (b, a)
    if signed.byteCount > unsigned.byteCount { return signed }
    return switch unsigned.byteCount {
    case 1: .int16
    case 2: .int32
    case 4: .int64
    case _: nil
    }
  }
}
