extension CHelper {
  static let trigonometric: [CHelper] = [
    CHelper(
      "turns_of_float32",
      """
      // x / (2 pi) but for whole turns. 1 / (2 pi) is cut into pieces of 29 bits, so that x times a piece is exact in
      // double, and whole turns are dropped from each product: right for every finite x.
      static inline double turns_of_float32(float x) {
        const double a = x * 0x1.45f306dp-3;
        const double b = x * 0x1.9391054p-32;
        const double c = x * 0x1.4fe13abp-61;
        const double d = x * 0x1.d1f534dp-90;
        const double e = x * 0x1.b81b6c5p-119;
        double turns = a - __builtin_rint(a);
        turns += b - __builtin_rint(b);
        turns += c - __builtin_rint(c);
        turns += d - __builtin_rint(d);
        turns += e - __builtin_rint(e);
        return turns + x * 0x1.5993c439041fep-150;
      }
      """),
    CHelper(
      "sine_of_turns",
      """
      // The sine of an angle in turns, a number of quarters added. Whole quarters (rounded by adding 1.5 * 2^52) choose
      // between r + r^3 S(r^2) and 1 + r^2 C(r^2), and the sign.
      static inline float sine_of_turns(double turns, int quarters) {
        const double shifted = fma_float64(turns, 4.0, 0x1.8p52);
        const double rest = turns - 0.25 * (shifted - 0x1.8p52);
        quarters += (int)bits_of_float64(shifted);
        const float r = (float)(rest * 0x1.921fb54442d18p2);
        const float z = r * r;
        float s = 0x1.7c2dap-19f;
        s = fma_float32(s, z, -0x1.a05956p-13f);
        s = fma_float32(s, z, 0x1.111174p-7f);
        s = fma_float32(s, z, -0x1.555556p-3f);
        s = fma_float32(s * z, r, r);
        float c = 0x1.99e80cp-16f;
        c = fma_float32(c, z, -0x1.6c0c28p-10f);
        c = fma_float32(c, z, 0x1.55554ap-5f);
        c = fma_float32(c, z, -0.5f);
        c = fma_float32(c, z, 1.0f);
        const float sine = quarters & 1 ? c : s;
        return float32_of_bits(bits_of_float32(sine) ^ ((quarters & 2u) << 30));
      }
      """),
    CHelper(
      "sin_float32",
      """
      static inline float sin_float32(float x) {
        const float sine = sine_of_turns(turns_of_float32(x), 0);
        return x == 0.0f ? x : sine;
      }
      """),
    CHelper(
      "cos_float32",
      "static inline float cos_float32(float x) { return sine_of_turns(turns_of_float32(x), 1); }"),
    CHelper(
      "tan_float32",
      """
      // The quotient of sine r S(r^2) and cosine C(r^2), in double.
      static inline float tan_float32(float x) {
        const double turns = turns_of_float32(x);
        const double shifted = fma_float64(turns, 4.0, 0x1.8p52);
        const double r = (turns - 0.25 * (shifted - 0x1.8p52)) * 0x1.921fb54442d18p2;
        const double z = r * r;
        double s = 0x1.6cae025c4b10cp-19;
        s = fma_float64(s, z, -0x1.a00ebb92583ebp-13);
        s = fma_float64(s, z, 0x1.111107090a3dfp-7);
        s = fma_float64(s, z, -0x1.55555548c9a46p-3);
        s = fma_float64(s, z, 0x1.fffffffff5e4ep-1);
        s = s * r;
        double c = -0x1.23b47b490a983p-22;
        c = fma_float64(c, z, 0x1.a00e2c9b04b6dp-16);
        c = fma_float64(c, z, -0x1.6c16b1f044711p-10);
        c = fma_float64(c, z, 0x1.55555542e6071p-5);
        c = fma_float64(c, z, -0x1.ffffffffdf998p-2);
        c = fma_float64(c, z, 0x1.ffffffffffda9p-1);
        const float tangent = (float)(bits_of_float64(shifted) & 1 ? -c / s : s / c);
        return x == 0.0f ? x : tangent;
      }
      """),
  ]
}
