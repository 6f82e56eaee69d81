import LazyOps

extension CHelper {
  /// Quotients rounded down and what they leave, with the sign of the divisor; integers divided by 0 give 0.
  static let division: [CHelper] =
    narrowDivision + unsignedDivision + [
      CHelper(
        "floor_divide_int64",
        """
        static inline long floor_divide_int64(long a, long b) {
          if (b == 0) return 0;
          if (b == -1) return (long)-(unsigned long)a;
          return a / b - ((a % b != 0) & ((a < 0) != (b < 0)));
        }
        """),
      CHelper(
        "floor_remainder_int64",
        """
        static inline long floor_remainder_int64(long a, long b) {
          if (b == 0 || b == -1) return 0;
          const long rest = a % b;
          return (rest != 0) & ((rest < 0) != (b < 0)) ? rest + b : rest;
        }
        """),
      CHelper(
        "floor_divide_int32",
        "static inline int floor_divide_int32(int a, int b) { return (int)floor_divide_int64(a, b); }"),
      CHelper(
        "floor_remainder_int32",
        "static inline int floor_remainder_int32(int a, int b) { return (int)floor_remainder_int64(a, b); }"),
      CHelper(
        "floor_remainder_float64",
        """
        static inline double floor_remainder_float64(double a, double b) {
          const double rest = fmod(a, b);
          return (rest != 0) & ((rest < 0) != (b < 0)) ? rest + b : rest;
        }
        """),
      CHelper(
        "floor_divide_float64",
        """
        // The floor of the exact quotient, which the floor of the rounded one need not be.
        static inline double floor_divide_float64(double a, double b) {
          const double rest = fmod(a, b);
          const double truncated = __builtin_rint((a - rest) / b);
          const double floor = (rest != 0) & ((rest < 0) != (b < 0)) ? truncated - 1 : truncated;
          return b == 0 ? a / b : floor == 0 ? 0 * (a / b) : floor;
        }
        """),
      CHelper(
        "floor_remainder_float32",
        "static inline float floor_remainder_float32(float a, float b) { return (float)floor_remainder_float64(a, b); }"
      ),
      CHelper(
        "floor_divide_float32",
        "static inline float floor_divide_float32(float a, float b) { return (float)floor_divide_float64(a, b); }"),
    ]

  /// In `int`, where even the least number divided by -1 fits.
  private static let narrowDivision: [CHelper] = [DType.int8, .int16].flatMap { dtype in
    let type = dtype.cType
    return [
      CHelper(
        "floor_divide_\(dtype)",
        """
        static inline \(type) floor_divide_\(dtype)(\(type) a, \(type) b) {
          return b ? (\(type))(a / b - ((a % b != 0) & ((a < 0) != (b < 0)))) : 0;
        }
        """),
      CHelper(
        "floor_remainder_\(dtype)",
        """
        static inline \(type) floor_remainder_\(dtype)(\(type) a, \(type) b) {
          const int rest = b ? a % b : 0;
          return (\(type))((rest != 0) & ((rest < 0) != (b < 0)) ? rest + b : rest);
        }
        """),
    ]
  }

  private static let unsignedDivision: [CHelper] = [DType.uint8, .uint16, .uint32, .uint64].flatMap { dtype in
    let type = dtype.cType
    return [
      CHelper(
        "floor_divide_\(dtype)",
        "static inline \(type) floor_divide_\(dtype)(\(type) a, \(type) b) { return b ? a / b : 0; }"),
      CHelper(
        "floor_remainder_\(dtype)",
        "static inline \(type) floor_remainder_\(dtype)(\(type) a, \(type) b) { return b ? a % b : 0; }"),
    ]
  }
}
