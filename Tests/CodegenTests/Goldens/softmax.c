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

static inline float maximum_float32(float a, float b) { return (a < b) | (b != b) ? b : a; }

static inline float minimum_float32(float a, float b) { return (a > b) | (b != b) ? b : a; }

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

// e^x as above, for x <= 0 only: 2^(n + 64) is no denormal and does not overflow, and 2^-64 rounds once. What is
// added to n stands where the exponent is after shifting.
static inline float exp_nonpositive_float32(float x) {
  const float clamped = x < -104.0f ? -104.0f : x;
  const float shifted = fma_float32(clamped, 0x1.715476p0f, 0x1.8p23f + 191.0f);
  const float n = shifted - (0x1.8p23f + 191.0f);
  const float r = fma_float32(n, -0x1.7f7d1cp-20f, fma_float32(n, -0x1.62e4p-1f, clamped));
  return exp_polynomial_float32(r) * float32_of_bits(bits_of_float32(shifted) << 23) * 0x1p-64f;
}

// Keeps the compiler from vectorizing a loop that sums up one number after the other.
static inline void in_order(void) { __asm__ volatile(""); }

// reduce_maximum([1])[64]
// exp[64, 256]
// reduce_sum([1])[64]
// multiply[64, 256]
static void maximum_exp_sum_multiply_64_body(
    const float *restrict in0,  // 16384 elements
    float *restrict out1,  // 16384 elements
    const union argument *arguments, long begin, long end, int *failure) {
  for (long i0 = begin; i0 < end; i0++) {
    float s1[256] __attribute__((aligned(32)));
    float acc3;
    float acc4;
    float acc3_part[64] __attribute__((aligned(32)));
    float acc4_part[64] __attribute__((aligned(32)));
    in_order();
    acc3 = -__builtin_inff();
    #pragma omp simd
    for (int lane = 0; lane < 64; lane++) {
      acc3_part[lane] = -__builtin_inff();
    }
    for (long k7 = 0; k7 < 4; k7++) {
      #pragma omp simd
      for (int k7_2 = 0; k7_2 < 64; k7_2++) {
        acc3_part[k7_2] = maximum_float32(acc3_part[k7_2], in0[i0*256 + k7*64 + k7_2]);
      }
    }
    #pragma omp simd
    for (int lane = 0; lane < 32; lane++) {
      acc3_part[lane] = maximum_float32(acc3_part[lane], acc3_part[lane + 32]);
    }
    #pragma omp simd
    for (int lane = 0; lane < 16; lane++) {
      acc3_part[lane] = maximum_float32(acc3_part[lane], acc3_part[lane + 16]);
    }
    #pragma omp simd
    for (int lane = 0; lane < 8; lane++) {
      acc3_part[lane] = maximum_float32(acc3_part[lane], acc3_part[lane + 8]);
    }
    #pragma omp simd
    for (int lane = 0; lane < 4; lane++) {
      acc3_part[lane] = maximum_float32(acc3_part[lane], acc3_part[lane + 4]);
    }
    #pragma omp simd
    for (int lane = 0; lane < 2; lane++) {
      acc3_part[lane] = maximum_float32(acc3_part[lane], acc3_part[lane + 2]);
    }
    acc3_part[0] = maximum_float32(acc3_part[0], acc3_part[1]);
    acc3 = maximum_float32(acc3, acc3_part[0]);
    const float v0 = acc3;
    acc4 = 0.0f;
    #pragma omp simd
    for (int lane = 0; lane < 64; lane++) {
      acc4_part[lane] = 0.0f;
    }
    for (long k8 = 0; k8 < 4; k8++) {
      #pragma omp simd
      for (int k8_2 = 0; k8_2 < 64; k8_2++) {
        const float v1 = exp_nonpositive_float32(minimum_float32(in0[i0*256 + k8*64 + k8_2] - v0, 0.0f));
        s1[k8*64 + k8_2] = v1;
        acc4_part[k8_2] += v1;
      }
    }
    #pragma omp simd
    for (int lane = 0; lane < 32; lane++) {
      acc4_part[lane] += acc4_part[lane + 32];
    }
    #pragma omp simd
    for (int lane = 0; lane < 16; lane++) {
      acc4_part[lane] += acc4_part[lane + 16];
    }
    #pragma omp simd
    for (int lane = 0; lane < 8; lane++) {
      acc4_part[lane] += acc4_part[lane + 8];
    }
    #pragma omp simd
    for (int lane = 0; lane < 4; lane++) {
      acc4_part[lane] += acc4_part[lane + 4];
    }
    #pragma omp simd
    for (int lane = 0; lane < 2; lane++) {
      acc4_part[lane] += acc4_part[lane + 2];
    }
    acc4_part[0] += acc4_part[1];
    acc4 += acc4_part[0];
    const float v2 = 1.0f / acc4;
    #pragma omp simd
    for (int j9 = 0; j9 < 256; j9++) {
      out1[i0*256 + j9] = s1[j9] * v2;
    }
  }
}

void maximum_exp_sum_multiply_64(void *const *buffers, const union argument *arguments, long begin, long end, int *failure) {
  maximum_exp_sum_multiply_64_body(buffers[0], buffers[1], arguments, begin, end, failure);
}
