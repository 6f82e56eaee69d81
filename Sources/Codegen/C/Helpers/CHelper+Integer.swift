import LazyOps

extension CHelper {
  /// Maximum and minimum, in which NaN wins from either side, and sign.
  static let comparison: [CHelper] = DType.allCases.filter { $0 != .bool }.flatMap { dtype in
    let type = dtype.cType
    let orNaN = dtype.isFloatingPoint ? { "(\($0)) | (b != b)" } : { $0 }
    let sign =
      dtype.isFloatingPoint ? "x > 0 ? 1 : x < 0 ? -1 : x" : dtype.isSigned ? "(x > 0) - (x < 0)" : "x != 0"
    return [
      CHelper(
        "maximum_\(dtype)",
        "static inline \(type) maximum_\(dtype)(\(type) a, \(type) b) { return \(orNaN("a < b")) ? b : a; }"),
      CHelper(
        "minimum_\(dtype)",
        "static inline \(type) minimum_\(dtype)(\(type) a, \(type) b) { return \(orNaN("a > b")) ? b : a; }"),
      CHelper("sign_\(dtype)", "static inline \(type) sign_\(dtype)(\(type) x) { return \(sign); }"),
    ]
  }

  /// Arithmetic that wraps, and shifts defined for every count.
  static let integer: [CHelper] =
    [DType.int32, .int64].map { dtype in
      let type = dtype.cType
      return CHelper(
        "absolute_\(dtype)",
        "static inline \(type) absolute_\(dtype)(\(type) x) { return x < 0 ? (\(type))-(unsigned \(type))x : x; }")
    } + DType.allCases.filter(\.isInteger).flatMap(shifts) + [
      CHelper(
        "power_int64",
        """
        // By squaring, modulo 2^64; for a negative exponent 1 / power, rounded towards zero.
        static inline long power_int64(long base, long exponent) {
          if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1 : 1) : 0;
          unsigned long result = 1, square = base;
          for (; exponent > 0; exponent >>= 1) {
            if (exponent & 1) result *= square;
            square *= square;
          }
          return (long)result;
        }
        """)
    ]
    + [DType.float32, .float64].map { dtype in
      let type = dtype.cType
      let suffix = dtype == .float32 ? "f" : ""
      return CHelper(
        "int64_of_\(dtype)",
        """
        // Towards zero; what does not fit is clamped, and NaN gives 0. What is nearer to 0 than 1 is told apart:
        // compilers make trunc(x), which may be -0, of (float)(long)x.
        static inline long int64_of_\(dtype)(\(type) x) {
          const long least = -0x7fffffffffffffffL - 1;
          if (!(__builtin_fabs\(suffix)(x) >= 1)) return 0;
          return x >= 0x1p63\(suffix) ? 0x7fffffffffffffffL : x < -0x1p63\(suffix) ? least : (long)x;
        }
        """)
    }

  /// A count outside 0..<bits shifts everything out.
  private static func shifts(_ dtype: DType) -> [CHelper] {
    let (type, bits) = (dtype.cType, dtype.byteCount * 8)
    let unsigned = dtype.isSigned ? "unsigned \(type)" : type
    let fits = "(\(unsigned))count < \(bits)"
    let right = dtype.isSigned ? "a >> (\(fits) ? count : \(bits - 1))" : "\(fits) ? a >> count : 0"
    return [
      CHelper(
        "shift_left_\(dtype)",
        "static inline \(type) shift_left_\(dtype)(\(type) a, \(type) count) "
          + "{ return \(fits) ? (\(type))((\(unsigned))a << count) : 0; }"),
      CHelper(
        "shift_right_\(dtype)",
        "static inline \(type) shift_right_\(dtype)(\(type) a, \(type) count) { return \(right); }"),
    ]
  }
}

extension DType {
  /// Whether elements are integers with a sign.
  fileprivate var isSigned: Bool { integerWidth?.isSigned ?? false }
}
