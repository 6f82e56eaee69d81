import LazyOps

extension CHelper {
  /// Maximum and minimum, in which NaN wins from either side, and sign.
  static let comparison: [CHelper] = DType.allCases.filter { $0 != .bool && !$0.isHalf }.flatMap { dtype in
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
    [DType.int8, .int16, .int32, .int64].map { dtype in
      let type = dtype.cType
      return CHelper(
        "absolute_\(dtype)",
        "static inline \(type) absolute_\(dtype)(\(type) x) "
          + "{ return x < 0 ? (\(type))-(\(dtype.unsignedType))x : x; }")
    } + DType.allCases.filter(\.isInteger).flatMap(shifts) + [
      CHelper(
        "power_uint64",
        """
        // By squaring, modulo 2^64.
        static inline unsigned long power_uint64(unsigned long base, unsigned long exponent) {
          unsigned long result = 1;
          for (; exponent > 0; exponent >>= 1) {
            if (exponent & 1) result *= base;
            base *= base;
          }
          return result;
        }
        """),
      CHelper(
        "power_int64",
        """
        // For a negative exponent 1 / power, rounded towards zero.
        static inline long power_int64(long base, long exponent) {
          if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1 : 1) : 0;
          return (long)power_uint64((unsigned long)base, (unsigned long)exponent);
        }
        """),
    ]
    + [DType.float32, .float64].flatMap { dtype in
      let type = dtype.cType
      let suffix = dtype == .float32 ? "f" : ""
      let signed = CHelper(
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
      let unsigned = CHelper(
        "uint64_of_\(dtype)",
        """
        // The same, and from 2^63 on clamped to 2^64 - 1.
        static inline unsigned long uint64_of_\(dtype)(\(type) x) {
          if (!(x >= 0x1p63\(suffix))) return (unsigned long)int64_of_\(dtype)(x);
          return x >= 0x1p64\(suffix) ? 0xffffffffffffffffUL : (unsigned long)x;
        }
        """)
      return [signed, unsigned]
    }

  /// A count outside 0..<bits shifts everything out.
  private static func shifts(_ dtype: DType) -> [CHelper] {
    let (type, bits, unsigned) = (dtype.cType, dtype.byteCount * 8, dtype.unsignedType)
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
