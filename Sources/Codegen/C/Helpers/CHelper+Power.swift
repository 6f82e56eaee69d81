extension CHelper {
  static let power: [CHelper] = [
    CHelper(
      "log2_float64_of_float32",
      """
      // log2(a) in double for a > 0: that of 2^n m is n + s P(s^2), with s = (m - 1) / (m + 1).
      static inline double log2_float64_of_float32(float a) {
        const int tiny = a < 0x1p-126f;
        const unsigned bits = bits_of_float32(tiny ? a * 0x1p23f : a);
        const int exponent = (int)(bits - bits_of_float32(0x1.6a09e6p-1f)) >> 23;
        const double m = float32_of_bits(bits - ((unsigned)exponent << 23));
        const double n = exponent - (tiny ? 23 : 0);
        const double s = (m - 1.0) / (m + 1.0);
        const double z = s * s;
        double p = 0x1.21b170e7480d4p-2;
        p = fma_float64(p, z, 0x1.47954d731083cp-2);
        p = fma_float64(p, z, 0x1.a61a2efbde9b7p-2);
        p = fma_float64(p, z, 0x1.2776c29305ff6p-1);
        p = fma_float64(p, z, 0x1.ec709dc53c908p-1);
        p = fma_float64(p, z, 0x1.71547652b8251p1);
        return fma_float64(p, s, n);
      }
      """),
    CHelper(
      "exp2_float32_of_float64",
      """
      // 2^x rounded to float once, subnormal results included.
      static inline float exp2_float32_of_float64(double x) {
        double clamped = x < -160.0 ? -160.0 : x;
        clamped = clamped > 140.0 ? 140.0 : clamped;
        const double shifted = clamped + 0x1.8p52;
        const double r = clamped - (shifted - 0x1.8p52);
        double p = 0x1.41ccf76d9d5d8p-13;
        p = fma_float64(p, r, 0x1.5f4e520e75f3ap-10);
        p = fma_float64(p, r, 0x1.3b2ddb1478a43p-7);
        p = fma_float64(p, r, 0x1.c6aec2f9df04dp-5);
        p = fma_float64(p, r, 0x1.ebfbda8c85352p-3);
        p = fma_float64(p, r, 0x1.62e430d50e46cp-1);
        p = fma_float64(p, r, 0x1.0000000293775p0);
        const unsigned long exponent = bits_of_float64(shifted) - bits_of_float64(0x1.8p52) + 1023;
        return (float)(p * float64_of_bits(exponent << 52));
      }
      """),
    CHelper(
      "power_float32",
      """
      // |x|^y = 2^(y log2 |x|) in double; then what C's pow says of zeros, infinities, NaN and negative bases.
      static inline float power_float32(float x, float y) {
        const float infinity = __builtin_inff();
        const float a = __builtin_fabsf(x);
        const int whole = __builtin_truncf(y) == y;
        const int odd = whole & (__builtin_truncf(0.5f * y) != 0.5f * y);
        const int endless = (a == 0.0f) | (a == infinity) | (__builtin_fabsf(y) == infinity);
        const float limit = (a > 1.0f) == (y > 0.0f) ? infinity : 0.0f;
        float result = endless ? limit : exp2_float32_of_float64(y * log2_float64_of_float32(a));
        result = (x < 0.0f) & !whole & (a < infinity) ? __builtin_nanf("") : result;
        result = odd ? __builtin_copysignf(result, x) : result;
        result = x != x ? x : result;
        result = y != y ? y : result;
        return (x == 1.0f) | (y == 0.0f) | ((a == 1.0f) & (__builtin_fabsf(y) == infinity)) ? 1.0f : result;
      }
      """),
  ]
}
