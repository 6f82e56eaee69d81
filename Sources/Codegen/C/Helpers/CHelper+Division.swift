extension CHelper {
  /// Quotients rounded down and what they leave, with the sign of the divisor; integers divided by 0 give 0.
  static let division: [CHelper] = [
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
      "floor_divide_uint32",
      "static inline unsigned floor_divide_uint32(unsigned a, unsigned b) { return b ? a / b : 0; }"),
    CHelper(
      "floor_remainder_uint32",
      "static inline unsigned floor_remainder_uint32(unsigned a, unsigned b) { return b ? a % b : 0; }"),
    CHelper(
      "floor_divide_uint8",
      "static inline unsigned char floor_divide_uint8(unsigned char a, unsigned char b) { return b ? a / b : 0; }"),
    CHelper(
      "floor_remainder_uint8",
      "static inline unsigned char floor_remainder_uint8(unsigned char a, unsigned char b) { return b ? a % b : 0; }"),
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
      "static inline float floor_remainder_float32(float a, float b) { return (float)floor_remainder_float64(a, b); }"),
    CHelper(
      "floor_divide_float32",
      "static inline float floor_divide_float32(float a, float b) { return (float)floor_divide_float64(a, b); }"),
  ]
}
