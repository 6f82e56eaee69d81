#define inline inline __attribute__((always_inline))

union argument {
  double real;
  long integer;
};

// Keeps the compiler from vectorizing a loop that sums up one number after the other.
static inline void in_order(void) { __asm__ volatile(""); }

// reduce_sum([1])[64]
// reduce_sum([1])[64]
// reciprocal[64, 1]
// add[64, 256]
static void sum_reciprocal_add_64_body(
    const float *restrict in0,  // 16384 elements
    float *restrict out1,  // 16384 elements
    const float *restrict in2,  // 256 elements
    const float *restrict in3,  // 256 elements
    const union argument *arguments, long begin, long end, int *failure) {
  for (long i0 = begin; i0 < end; i0++) {
    float acc3;
    float acc4;
    float acc3_part[64] __attribute__((aligned(32)));
    float acc4_part[64] __attribute__((aligned(32)));
    in_order();
    acc3 = 0.0f;
    #pragma omp simd
    for (int lane = 0; lane < 64; lane++) {
      acc3_part[lane] = 0.0f;
    }
    for (long k6 = 0; k6 < 4; k6++) {
      #pragma omp simd
      for (int k6_2 = 0; k6_2 < 64; k6_2++) {
        acc3_part[k6_2] += in0[i0*256 + k6*64 + k6_2];
      }
    }
    #pragma omp simd
    for (int lane = 0; lane < 32; lane++) {
      acc3_part[lane] += acc3_part[lane + 32];
    }
    #pragma omp simd
    for (int lane = 0; lane < 16; lane++) {
      acc3_part[lane] += acc3_part[lane + 16];
    }
    #pragma omp simd
    for (int lane = 0; lane < 8; lane++) {
      acc3_part[lane] += acc3_part[lane + 8];
    }
    #pragma omp simd
    for (int lane = 0; lane < 4; lane++) {
      acc3_part[lane] += acc3_part[lane + 4];
    }
    #pragma omp simd
    for (int lane = 0; lane < 2; lane++) {
      acc3_part[lane] += acc3_part[lane + 2];
    }
    acc3_part[0] += acc3_part[1];
    acc3 += acc3_part[0];
    const float v0 = acc3;
    acc4 = 0.0f;
    #pragma omp simd
    for (int lane = 0; lane < 64; lane++) {
      acc4_part[lane] = 0.0f;
    }
    const float v1 = v0 * 0.00390625f;
    for (long k7 = 0; k7 < 4; k7++) {
      #pragma omp simd
      for (int k7_2 = 0; k7_2 < 64; k7_2++) {
        const float v2 = in0[i0*256 + k7*64 + k7_2] - v1;
        acc4_part[k7_2] = __builtin_fmaf(v2, v2, acc4_part[k7_2]);
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
    const float v3 = 1.0f / __builtin_sqrtf(acc4 * 0.00390625f + 1e-05f);
    #pragma omp simd
    for (int j8 = 0; j8 < 256; j8++) {
      out1[i0*256 + j8] = (in0[i0*256 + j8] - v1) * v3 * in2[j8] + in3[j8];
    }
  }
}

void sum_reciprocal_add_64(void *const *buffers, const union argument *arguments, long begin, long end, int *failure) {
  sum_reciprocal_add_64_body(buffers[0], buffers[1], buffers[2], buffers[3], arguments, begin, end, failure);
}
