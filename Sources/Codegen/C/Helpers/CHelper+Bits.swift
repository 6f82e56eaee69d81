extension CHelper {
  /// Numbers and the integers of the same bits. These are unsigned, for what is computed with them may wrap.
  static let bits: [CHelper] = [
    CHelper(
      "bits_of_float32",
      """
      static inline unsigned bits_of_float32(float x) {
        const union { float value; unsigned bits; } both = {.value = x};
        return both.bits;
      }
      """),
    CHelper(
      "float32_of_bits",
      """
      static inline float float32_of_bits(unsigned bits) {
        const union { float value; unsigned bits; } both = {.bits = bits};
        return both.value;
      }
      """),
    CHelper(
      "bits_of_float64",
      """
      static inline unsigned long bits_of_float64(double x) {
        const union { double value; unsigned long bits; } both = {.value = x};
        return both.bits;
      }
      """),
    CHelper(
      "float64_of_bits",
      """
      static inline double float64_of_bits(unsigned long bits) {
        const union { double value; unsigned long bits; } both = {.bits = bits};
        return both.value;
      }
      """),
    // A choice that compilers do not make a branch of.
    CHelper(
      "chosen_float32",
      """
      static inline float chosen_float32(int condition, float a, float b) {
        const unsigned mask = -(unsigned)condition;
        return float32_of_bits((bits_of_float32(a) & mask) | (bits_of_float32(b) & ~mask));
      }
      """),
  ]

  /// a * b + c inside the functions below: with one rounding where the machine has it, else with two.
  static let fusedMultiplyAdd: [CHelper] = [
    CHelper(
      "fma_float32",
      """
      #if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
      static inline float fma_float32(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
      #else
      static inline float fma_float32(float a, float b, float c) { return a * b + c; }
      #endif
      """),
    CHelper(
      "fma_float64",
      """
      #if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
      static inline double fma_float64(double a, double b, double c) { return __builtin_fma(a, b, c); }
      #else
      static inline double fma_float64(double a, double b, double c) { return a * b + c; }
      #endif
      """),
  ]
}
