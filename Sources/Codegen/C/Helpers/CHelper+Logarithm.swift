extension CHelper {
  static let logarithm: [CHelper] = [
    CHelper(
      "log1p_polynomial_float32",
      """
      // log(1 + f) for sqrt(1/2) <= 1 + f <= sqrt(2): f + f^2 P(f).
      static inline float log1p_polynomial_float32(float f) {
        float p = -0x1.2fe862p-4f;
        p = fma_float32(p, f, 0x1.069c54p-3f);
        p = fma_float32(p, f, -0x1.0ffd6ap-3f);
        p = fma_float32(p, f, 0x1.22bd7ap-3f);
        p = fma_float32(p, f, -0x1.541adcp-3f);
        p = fma_float32(p, f, 0x1.999fe6p-3f);
        p = fma_float32(p, f, -0x1.00044cp-2f);
        p = fma_float32(p, f, 0x1.555558p-2f);
        p = fma_float32(p, f, -0x1.fffff8p-2f);
        return fma_float32(f, f * p, f);
      }
      """),
    CHelper(
      "log_of_float32",
      """
      // log(x), given log(1 + f) + n log(2) for a positive finite x = 2^n (1 + f).
      static inline float log_of_float32(float x, float log) {
        float result = x < __builtin_inff() ? log : x;
        result = x == 0.0f ? -__builtin_inff() : result;
        return x < 0.0f ? __builtin_nanf("") : result;
      }
      """),
    CHelper(
      "log_float32",
      """
      // log(2^n (1 + f)) = n log(2) + log(1 + f), log(2) in two parts. Subnormal numbers are scaled by 2^23 first.
      static inline float log_float32(float x) {
        const int tiny = x < 0x1p-126f;
        const unsigned bits = bits_of_float32(tiny ? x * 0x1p23f : x);
        const int exponent = (int)(bits - bits_of_float32(0x1.6a09e6p-1f)) >> 23;
        const float f = float32_of_bits(bits - ((unsigned)exponent << 23)) - 1.0f;
        const float n = exponent - (tiny ? 23 : 0);
        const float low = fma_float32(n, 0x1.7f7d1cp-20f, log1p_polynomial_float32(f));
        return log_of_float32(x, fma_float32(n, 0x1.62e4p-1f, low));
      }
      """),
    CHelper(
      "log2_float32",
      """
      // As log; log2(1 + f) = f + f (1/ln(2) - 1 + f P(f)).
      static inline float log2_float32(float x) {
        const int tiny = x < 0x1p-126f;
        const unsigned bits = bits_of_float32(tiny ? x * 0x1p23f : x);
        const int exponent = (int)(bits - bits_of_float32(0x1.6a09e6p-1f)) >> 23;
        const float f = float32_of_bits(bits - ((unsigned)exponent << 23)) - 1.0f;
        const float n = exponent - (tiny ? 23 : 0);
        float p = -0x1.e36736p-4f;
        p = fma_float32(p, f, 0x1.87c01ap-3f);
        p = fma_float32(p, f, -0x1.85baf8p-3f);
        p = fma_float32(p, f, 0x1.a13f02p-3f);
        p = fma_float32(p, f, -0x1.eab3d2p-3f);
        p = fma_float32(p, f, 0x1.2789c4p-2f);
        p = fma_float32(p, f, -0x1.715b06p-2f);
        p = fma_float32(p, f, 0x1.ec706cp-2f);
        p = fma_float32(p, f, -0x1.71547p-1f);
        p = fma_float32(p, f, 0x1.c551dap-2f);
        return log_of_float32(x, n + fma_float32(f, p, f));
      }
      """),
    CHelper(
      "log1p_float32",
      """
      // log(1 + x) = n log(2) + log(1 + f), where n is the exponent of the rounded 1 + x, but f = x 2^-n + (2^-n - 1)
      // is computed from x itself. 2^-n is kept four times as large, for it may be subnormal.
      static inline float log1p_float32(float x) {
        const int exponent = (int)(bits_of_float32(1.0f + x) - bits_of_float32(0x1.6a09e6p-1f)) >> 23;
        const float scale = float32_of_bits((129u - exponent) << 23);
        const float f = fma_float32(x * scale, 0.25f, fma_float32(scale, 0.25f, -1.0f));
        const float n = exponent;
        const float low = fma_float32(n, 0x1.7f7d1cp-20f, log1p_polynomial_float32(f));
        float result = (x < __builtin_inff()) & (x != 0.0f) ? fma_float32(n, 0x1.62e4p-1f, low) : x;
        result = x == -1.0f ? -__builtin_inff() : result;
        return x < -1.0f ? __builtin_nanf("") : result;
      }
      """),
  ]
}
