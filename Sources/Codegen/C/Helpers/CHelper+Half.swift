extension CHelper {
  /// The 16-bit floating-point types: bits to `float`, `float` to the nearest one's bits, and `float` rounded so that it
  /// can be one. They are bit tricks, which compilers vectorize: to most of them the machine's own conversions are
  /// scalar. NaN stays NaN, and of two neighbours the even one is the nearest.
  static let half: [CHelper] = [
    CHelper(
      "HALF_IS_NATIVE",
      """
      // Whether the compiler makes vector instructions of conversions.
      #if defined(__AVX512FP16__) || defined(__clang__) && defined(__F16C__) || defined(__aarch64__)
      #define HALF_IS_NATIVE 1
      union half { _Float16 value; unsigned short bits; };
      #endif
      """),
    CHelper(
      "float16_of_bits",
      """
      #ifdef HALF_IS_NATIVE
      static inline float float16_of_bits(unsigned short bits) { return (float)(union half){.bits = bits}.value; }
      #else
      // Infinities and NaN have the largest exponent; below the least normal number the bits count parts of it.
      static inline float float16_of_bits(unsigned short bits) {
        const unsigned magnitude = (bits & 0x7fffu) << 13;
        const unsigned normal = magnitude + 0x38000000u;
        const unsigned small = bits_of_float32(float32_of_bits(normal + 0x00800000u) - 0x1p-14f);
        const unsigned finite = magnitude < 0x00800000u ? small : normal;
        return float32_of_bits((magnitude < 0x0f800000u ? finite : normal + 0x38000000u) | (bits & 0x8000u) << 16);
      }
      #endif
      """),
    CHelper(
      "bits_of_float16",
      """
      #ifdef HALF_IS_NATIVE
      static inline unsigned short bits_of_float16(float x) { return (union half){.value = (_Float16)x}.bits; }
      #else
      // Below the least normal number the last bit of a sum with 1/2 is worth as much as that of the result.
      static inline unsigned short bits_of_float16(float x) {
        const unsigned bits = bits_of_float32(x), magnitude = bits & 0x7fffffffu;
        const unsigned normal = (magnitude - 0x38000000u + 0xfffu + (magnitude >> 13 & 1)) >> 13;
        const unsigned small = bits_of_float32(float32_of_bits(magnitude) + 0.5f) - 0x3f000000u;
        const unsigned finite = magnitude < 0x38800000u ? small : normal;
        const unsigned endless = magnitude > 0x7f800000u ? 0x7e00u : 0x7c00u;
        return (magnitude < 0x47800000u ? finite : endless) | (bits >> 16 & 0x8000u);
      }
      #endif
      """),
    CHelper(
      "round_float16",
      """
      #ifdef HALF_IS_NATIVE
      static inline float round_float16(float x) { return (float)(_Float16)x; }
      #else
      // A sum with 1.5 * 2^(e + 13), where 2^e is the power below |x|, has just the digits that stay.
      static inline float round_float16(float x) {
        unsigned exponent = bits_of_float32(x) & 0x7f800000u;
        exponent = exponent < 0x38800000u ? 0x38800000u : exponent;
        exponent = exponent > 0x47800000u ? 0x47800000u : exponent;
        const float shift = float32_of_bits(exponent + 0x06c00000u);
        const float rounded = __builtin_fabsf((x + shift) - shift);
        return __builtin_copysignf(rounded >= 0x1p16f ? __builtin_inff() : rounded, x);
      }
      #endif
      """),
    CHelper(
      "bfloat16_of_bits",
      """
      static inline float bfloat16_of_bits(unsigned short bits) { return float32_of_bits((unsigned)bits << 16); }
      """),
    CHelper(
      "bits_of_bfloat16",
      """
      static inline unsigned short bits_of_bfloat16(float x) {
        const unsigned bits = bits_of_float32(x);
        return (x != x ? bits | 0x400000u : bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
      }
      """),
    CHelper(
      "round_bfloat16",
      """
      // All in 32 bits: faster than there and back.
      static inline float round_bfloat16(float x) {
        const unsigned bits = bits_of_float32(x);
        return x != x ? x : float32_of_bits((bits + 0x7fffu + (bits >> 16 & 1)) & 0xffff0000u);
      }
      """),
    CHelper(
      "widen_float16",
      """
      // A few numbers at once. gcc has vectors of the machine's conversions by name only.
      static inline void widen_float16(float *restrict to, const unsigned short *restrict from, long count) {
        long i = 0;
      #if defined(__AVX512F__) && !defined(HALF_IS_NATIVE)
        typedef short bits16 __attribute__((vector_size(32), aligned(2), may_alias));
        typedef float numbers16 __attribute__((vector_size(64), aligned(4), may_alias));
        for (; i + 16 <= count; i += 16)
          *(numbers16 *)(to + i) = __builtin_ia32_vcvtph2ps512_mask(*(const bits16 *)(from + i), (numbers16){0}, -1, 4);
      #elif defined(__F16C__) && !defined(HALF_IS_NATIVE)
        typedef short bits8 __attribute__((vector_size(16), aligned(2), may_alias));
        typedef float numbers8 __attribute__((vector_size(32), aligned(4), may_alias));
        for (; i + 8 <= count; i += 8) *(numbers8 *)(to + i) = __builtin_ia32_vcvtph2ps256(*(const bits8 *)(from + i));
      #endif
        for (; i < count; i++) to[i] = float16_of_bits(from[i]);
      }
      """),
    CHelper(
      "narrow_float16",
      """
      static inline void narrow_float16(unsigned short *restrict to, const float *restrict from, long count) {
        long i = 0;
      #if defined(__AVX512F__) && !defined(HALF_IS_NATIVE)
        typedef short bits16 __attribute__((vector_size(32), aligned(2), may_alias));
        typedef float numbers16 __attribute__((vector_size(64), aligned(4), may_alias));
        for (; i + 16 <= count; i += 16)
          *(bits16 *)(to + i) = __builtin_ia32_vcvtps2ph512_mask(*(const numbers16 *)(from + i), 0, (bits16){0}, -1);
      #elif defined(__F16C__) && !defined(HALF_IS_NATIVE)
        typedef short bits8 __attribute__((vector_size(16), aligned(2), may_alias));
        typedef float numbers8 __attribute__((vector_size(32), aligned(4), may_alias));
        for (; i + 8 <= count; i += 8)
          *(bits8 *)(to + i) = __builtin_ia32_vcvtps2ph256(*(const numbers8 *)(from + i), 0);
      #endif
        for (; i < count; i++) to[i] = bits_of_float16(from[i]);
      }
      """),
  ]
}
