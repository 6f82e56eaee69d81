extension CHelper {
  /// tanh and erf: odd functions that level off, each by a polynomial near 0 and an exponential beyond.
  static let errorFunctions: [CHelper] = [
    CHelper(
      "tanh_float32",
      """
      // x + x^3 P(x^2) below 0.625, else 1 - 2 / (e^2x + 1).
      static inline float tanh_float32(float x) {
        const float a = __builtin_fabsf(x);
        const float z = x * x;
        float p = -0x1.751028p-8f;
        p = fma_float32(p, z, 0x1.51f908p-6f);
        p = fma_float32(p, z, -0x1.b835a4p-5f);
        p = fma_float32(p, z, 0x1.1106f6p-3f);
        p = fma_float32(p, z, -0x1.555532p-2f);
        const float small = fma_float32(p * z, a, a);
        const float clamped = a > 10.0f ? 10.0f : a;
        const float large = 1.0f - 2.0f / (exp_narrow_float32(2.0f * clamped) + 1.0f);
        return __builtin_copysignf(a < 0.625f ? small : large, x);
      }
      """),
    CHelper(
      "erf_float32",
      """
      // x + x P(x^2) below 0.9, else 1 - e^Q(x), where Q fits the logarithm of 1 - erf up to 4.
      static inline float erf_float32(float x) {
        const float a = __builtin_fabsf(x);
        const float z = x * x;
        float p = 0x1.4d29acp-14f;
        p = fma_float32(p, z, -0x1.a583fp-11f);
        p = fma_float32(p, z, 0x1.543f2cp-8f);
        p = fma_float32(p, z, -0x1.b80062p-6f);
        p = fma_float32(p, z, 0x1.ce2d6p-4f);
        p = fma_float32(p, z, -0x1.81274p-2f);
        p = fma_float32(p, z, 0x1.06eba8p-3f);
        const float small = fma_float32(p, a, a);
        const float t = a > 4.0f ? 4.0f : a;
        float q = 0x1.9fb574p-13f;
        q = fma_float32(q, t, -0x1.91cfbap-9f);
        q = fma_float32(q, t, 0x1.6d9e44p-6f);
        q = fma_float32(q, t, -0x1.aa73d8p-4f);
        q = fma_float32(q, t, -0x1.4621ap-1f);
        q = fma_float32(q, t, -0x1.20b75ap0f);
        q = fma_float32(q, t, -0x1.5cd098p-13f);
        const float large = 1.0f - exp_narrow_float32(q);
        return __builtin_copysignf(a < 0.9f ? small : large, x);
      }
      """),
  ]
}
