// Polynomials of these files are minimax fits of the function named, computed for this project by Remez' algorithm in
// 50 digits; coefficients were rounded to float one after the other, each time with a new fit of those left. Functions
// have no branches, so that loops around them become vector instructions. Worst errors, over every 257th bit pattern:
//
//   exp 0.88 ulp    log 0.94    sin 1.49    tanh 1.35
//   exp2 0.85       log2 1.04   cos 1.49    erf 1.08
//   expm1 1.44      log1p 1.42  tan 0.50    power 0.54
extension CHelper {
  static let exponential: [CHelper] = [
    CHelper(
      "scale_float32",
      """
      // x * 2^n in two steps, of which only the second can round or overflow; NaN keeps its payload.
      static inline float scale_float32(float x, int n) {
        const int half = n >> 1;
        return x * float32_of_bits((half + 127u) << 23) * float32_of_bits((n - half + 127u) << 23);
      }
      """),
    CHelper(
      "exp_polynomial_float32",
      """
      // e^r for |r| <= ln(2)/2: 1 + r + r^2 P(r).
      static inline float exp_polynomial_float32(float r) {
        float p = 0x1.6afda8p-10f;
        p = fma_float32(p, r, 0x1.12448ep-7f);
        p = fma_float32(p, r, 0x1.555826p-5f);
        p = fma_float32(p, r, 0x1.555482p-3f);
        p = fma_float32(p, r, 0x1.fffffcp-2f);
        p = fma_float32(p, r, 1.0f);
        return fma_float32(p, r, 1.0f);
      }
      """),
    CHelper(
      "exp_float32",
      """
      // e^x = 2^n e^r, where n is x / ln(2) rounded (by adding 1.5 * 2^23) and r what is left. ln(2) is subtracted in
      // two parts, of which the first times n is exact.
      static inline float exp_float32(float x) {
        float clamped = x < -104.0f ? -104.0f : x;
        clamped = clamped > 89.0f ? 89.0f : clamped;
        const float shifted = fma_float32(clamped, 0x1.715476p0f, 0x1.8p23f);
        const float n = shifted - 0x1.8p23f;
        const float r = fma_float32(n, -0x1.7f7d1cp-20f, fma_float32(n, -0x1.62e4p-1f, clamped));
        return scale_float32(exp_polynomial_float32(r), bits_of_float32(shifted) - bits_of_float32(0x1.8p23f));
      }
      """),
    CHelper(
      "exp_narrow_float32",
      """
      // e^x as above, for -87 < x < 88 only: one step scales.
      static inline float exp_narrow_float32(float x) {
        const float shifted = fma_float32(x, 0x1.715476p0f, 0x1.8p23f);
        const float n = shifted - 0x1.8p23f;
        const float r = fma_float32(n, -0x1.7f7d1cp-20f, fma_float32(n, -0x1.62e4p-1f, x));
        const unsigned exponent = bits_of_float32(shifted) - bits_of_float32(0x1.8p23f) + 127;
        return exp_polynomial_float32(r) * float32_of_bits(exponent << 23);
      }
      """),
    CHelper(
      "exp_nonpositive_float32",
      """
      // e^x as above, for x <= 0 only: 2^(n + 64) is no denormal and does not overflow, and 2^-64 rounds once. What is
      // added to n stands where the exponent is after shifting.
      static inline float exp_nonpositive_float32(float x) {
        const float clamped = x < -104.0f ? -104.0f : x;
        const float shifted = fma_float32(clamped, 0x1.715476p0f, 0x1.8p23f + 191.0f);
        const float n = shifted - (0x1.8p23f + 191.0f);
        const float r = fma_float32(n, -0x1.7f7d1cp-20f, fma_float32(n, -0x1.62e4p-1f, clamped));
        return exp_polynomial_float32(r) * float32_of_bits(bits_of_float32(shifted) << 23) * 0x1p-64f;
      }
      """),
    CHelper(
      "exp2_float32",
      """
      // 2^x = 2^n 2^r with n whole, |r| <= 1/2 and 2^r = 1 + r (ln(2) + r P(r)).
      static inline float exp2_float32(float x) {
        float clamped = x < -151.0f ? -151.0f : x;
        clamped = clamped > 129.0f ? 129.0f : clamped;
        const float shifted = clamped + 0x1.8p23f;
        const float r = clamped - (shifted - 0x1.8p23f);
        float p = 0x1.420424p-13f;
        p = fma_float32(p, r, 0x1.5f1276p-10f);
        p = fma_float32(p, r, 0x1.3b2d72p-7f);
        p = fma_float32(p, r, 0x1.c6af74p-5f);
        p = fma_float32(p, r, 0x1.ebfbdcp-3f);
        p = fma_float32(p, r, 0x1.62e43p-1f);
        p = fma_float32(p, r, 1.0f);
        return scale_float32(p, bits_of_float32(shifted) - bits_of_float32(0x1.8p23f));
      }
      """),
    CHelper(
      "expm1_float32",
      """
      // e^x - 1 = 2^n (e^r - 1) + (2^n - 1), computed by halves so that 2^128 does not arise; e^r - 1 = r + r^2 P(r).
      static inline float expm1_float32(float x) {
        float clamped = x < -20.0f ? -20.0f : x;
        clamped = clamped > 89.0f ? 89.0f : clamped;
        const float shifted = fma_float32(clamped, 0x1.715476p0f, 0x1.8p23f);
        const float n = shifted - 0x1.8p23f;
        const float r = fma_float32(n, -0x1.7f7d1cp-20f, fma_float32(n, -0x1.62e4p-1f, clamped));
        float p = 0x1.3b6ba2p-13f;
        p = fma_float32(p, r, 0x1.6d34fp-10f);
        p = fma_float32(p, r, 0x1.115758p-7f);
        p = fma_float32(p, r, 0x1.5554fep-5f);
        p = fma_float32(p, r, 0x1.55552ap-3f);
        p = fma_float32(p, r, 0.5f);
        p = fma_float32(p * r, r, r);
        const unsigned exponent = bits_of_float32(shifted) - bits_of_float32(0x1.8p23f) + 126;
        const float half = float32_of_bits(exponent << 23);
        return x == 0.0f ? x : 2.0f * fma_float32(p, half, half - 0.5f);
      }
      """),
  ]
}
