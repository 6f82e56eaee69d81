/// The type of a tensor's elements.
public enum DType: UInt8, CaseIterable, Sendable {
  case bool, uint8, int32, uint32, int64, float32, float64

  /// The bytes one element takes in memory.
  public var byteCount: Int {
    switch self {
    case .bool, .uint8: 1
    case .int32, .uint32, .float32: 4
    case .int64, .float64: 8
    }
  }

  /// Whether elements are IEEE 754 floating-point numbers.
  public var isFloatingPoint: Bool {
    switch self {
    case .float32, .float64: true
    case .bool, .uint8, .int32, .uint32, .int64: false
    }
  }

  /// Whether elements are integers; `bool` is not one.
  public var isInteger: Bool { !isFloatingPoint && self != .bool }

  /// The significant bits of an integer type, and whether it has a sign; nil for `bool` and floating point.
  package var integerWidth: (bits: Int, isSigned: Bool)? {
    switch self {
    case .bool, .float32, .float64: nil
    case .uint8: (8, false)
    case .int32: (32, true)
    case .uint32: (32, false)
    case .int64: (64, true)
    }
  }
}

extension DType: CustomStringConvertible {
  /// The name as PyTorch spells it: `float32`, `bool`.
  public var description: String {
    switch self {
    case .bool: "bool"
    case .uint8: "uint8"
    case .int32: "int32"
    case .uint32: "uint32"
    case .int64: "int64"
    case .float32: "float32"
    case .float64: "float64"
    }
  }
}

extension DType {
  /// Returns the type both operands of an elementwise op are cast to, as PyTorch promotes two tensors:
  /// bool < integers < floating point, the wider of two alike, and for an unsigned with a signed type of no more
  /// bits the next wider signed one.
  public static func promoted(_ a: DType, _ b: DType) -> DType {
    if a == b { return a }
    if a.isFloatingPoint || b.isFloatingPoint {
      guard a.isFloatingPoint else { return b }
      guard b.isFloatingPoint else { return a }
      return a.byteCount >= b.byteCount ? a : b
    }
    guard let x = a.integerWidth else { return b }
    guard let y = b.integerWidth else { return a }
    if x.isSigned == y.isSigned { return x.bits >= y.bits ? a : b }
    let (signed, unsigned) = x.isSigned ? (a, b) : (b, a)
    return signed.byteCount > unsigned.byteCount ? signed : (unsigned == .uint8 ? .int32 : .int64)
  }
}
