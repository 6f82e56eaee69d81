#define inline inline __attribute__((always_inline))

union argument {
  double real;
  long integer;
};

static inline unsigned bits_of_float32(float x) {
  const union { float value; unsigned bits; } both = {.value = x};
  return both.bits;
}

static inline float float32_of_bits(unsigned bits) {
  const union { float value; unsigned bits; } both = {.bits = bits};
  return both.value;
}

#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
static inline float fma_float32(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
#else
static inline float fma_float32(float a, float b, float c) { return a * b + c; }
#endif

static inline long minimum_int64(long a, long b) { return a > b ? b : a; }

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

// e^x as above, for -87 < x < 88 only: one step scales.
static inline float exp_narrow_float32(float x) {
  const float shifted = fma_float32(x, 0x1.715476p0f, 0x1.8p23f);
  const float n = shifted - 0x1.8p23f;
  const float r = fma_float32(n, -0x1.7f7d1cp-20f, fma_float32(n, -0x1.62e4p-1f, x));
  const unsigned exponent = bits_of_float32(shifted) - bits_of_float32(0x1.8p23f) + 127;
  return exp_polynomial_float32(r) * float32_of_bits(exponent << 23);
}

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

typedef float float8v __attribute__((vector_size(32), aligned(4), may_alias));

static inline float8v broadcast_float8v(float x) { return (float8v){x, x, x, x, x, x, x, x}; }

static inline float8v fma_float8v(float8v a, float8v b, float8v c) {
#if __has_builtin(__builtin_elementwise_fma)
  return __builtin_elementwise_fma(a, b, c);
#elif defined(__FMA__)
  return (float8v)__builtin_ia32_vfmaddps256(a, b, c);
#else
  for (int lane = 0; lane < 8; lane++)
    c[lane] = __builtin_fmaf(a[lane], b[lane], c[lane]);
  return c;
#endif
}

// reduce_sum([2])[64, 128]
// multiply[64, 128]
static void sum_multiply_64x128_body(
    const float *restrict in0,  // 6144 elements
    const float *restrict in1,  // 12288 elements
    float *restrict out2,  // 8192 elements
    const float *restrict in3,  // 128 elements
    const union argument *arguments, long begin, long end, int *failure) {
  for (long task = begin; task < end; task++) {
    float sums[6][16] __attribute__((aligned(32)));
    float8v acc_0_0, acc_0_1;
    float8v acc_1_0, acc_1_1;
    float8v acc_2_0, acc_2_1;
    float8v acc_3_0, acc_3_1;
    float8v acc_4_0, acc_4_1;
    float8v acc_5_0, acc_5_1;
    for (long row_tile = 0; row_tile < (int)(minimum_int64(64 - task*12, 12) + 5)/6; row_tile++) {
      for (long panel = 0; panel < 8; panel++) {
        acc_0_0 = broadcast_float8v(0.0f);
        acc_0_1 = broadcast_float8v(0.0f);
        acc_1_0 = broadcast_float8v(0.0f);
        acc_1_1 = broadcast_float8v(0.0f);
        acc_2_0 = broadcast_float8v(0.0f);
        acc_2_1 = broadcast_float8v(0.0f);
        acc_3_0 = broadcast_float8v(0.0f);
        acc_3_1 = broadcast_float8v(0.0f);
        acc_4_0 = broadcast_float8v(0.0f);
        acc_4_1 = broadcast_float8v(0.0f);
        acc_5_0 = broadcast_float8v(0.0f);
        acc_5_1 = broadcast_float8v(0.0f);
        for (long k = 0; k < 96; k++) {
          const float v0 = in0[minimum_int64(task*12 + row_tile*6, 58)*96 + k];
          const float8v v1 = *(const float8v *)&in1[panel*16 + k*128];
          acc_0_0 = fma_float8v(broadcast_float8v(v0), v1, acc_0_0);
          const float8v v2 = *(const float8v *)&in1[panel*16 + k*128 + 8];
          acc_0_1 = fma_float8v(broadcast_float8v(v0), v2, acc_0_1);
          const float v3 = in0[minimum_int64(task*12 + row_tile*6, 58)*96 + k + 96];
          acc_1_0 = fma_float8v(broadcast_float8v(v3), v1, acc_1_0);
          acc_1_1 = fma_float8v(broadcast_float8v(v3), v2, acc_1_1);
          const float v4 = in0[minimum_int64(task*12 + row_tile*6, 58)*96 + k + 192];
          acc_2_0 = fma_float8v(broadcast_float8v(v4), v1, acc_2_0);
          acc_2_1 = fma_float8v(broadcast_float8v(v4), v2, acc_2_1);
          const float v5 = in0[minimum_int64(task*12 + row_tile*6, 58)*96 + k + 288];
          acc_3_0 = fma_float8v(broadcast_float8v(v5), v1, acc_3_0);
          acc_3_1 = fma_float8v(broadcast_float8v(v5), v2, acc_3_1);
          const float v6 = in0[minimum_int64(task*12 + row_tile*6, 58)*96 + k + 384];
          acc_4_0 = fma_float8v(broadcast_float8v(v6), v1, acc_4_0);
          acc_4_1 = fma_float8v(broadcast_float8v(v6), v2, acc_4_1);
          const float v7 = in0[minimum_int64(task*12 + row_tile*6, 58)*96 + k + 480];
          acc_5_0 = fma_float8v(broadcast_float8v(v7), v1, acc_5_0);
          acc_5_1 = fma_float8v(broadcast_float8v(v7), v2, acc_5_1);
        }
        *(float8v *)&sums[0][0] = acc_0_0;
        *(float8v *)&sums[0][8] = acc_0_1;
        *(float8v *)&sums[1][0] = acc_1_0;
        *(float8v *)&sums[1][8] = acc_1_1;
        *(float8v *)&sums[2][0] = acc_2_0;
        *(float8v *)&sums[2][8] = acc_2_1;
        *(float8v *)&sums[3][0] = acc_3_0;
        *(float8v *)&sums[3][8] = acc_3_1;
        *(float8v *)&sums[4][0] = acc_4_0;
        *(float8v *)&sums[4][8] = acc_4_1;
        *(float8v *)&sums[5][0] = acc_5_0;
        *(float8v *)&sums[5][8] = acc_5_1;
        for (long row = 0; row < minimum_int64(minimum_int64(64 - task*12, 12) - row_tile*6, 6); row++) {
          #pragma omp simd
          for (int column = 0; column < 16; column++) {
            const float v8 = sums[task*12 - minimum_int64(task*12 + row_tile*6, 58) + row_tile*6 + row][column];
            const float v9 = v8 + in3[panel*16 + column];
            out2[task*1536 + row_tile*768 + panel*16 + row*128 + column] = v9 * 0.5f * (erf_float32(v9 * 0.70710677f) + 1.0f);
          }
        }
      }
    }
  }
}

void sum_multiply_64x128(void *const *buffers, const union argument *arguments, long begin, long end, int *failure) {
  sum_multiply_64x128_body(buffers[0], buffers[1], buffers[2], buffers[3], arguments, begin, end, failure);
}
