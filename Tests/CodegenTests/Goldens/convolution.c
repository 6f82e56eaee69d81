#define inline inline __attribute__((always_inline))

union argument {
  double real;
  long integer;
};

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

// reduce_sum([5, 6, 7])[2, 1, 8, 16, 16]
// add[2, 8, 16, 16]
static void sum_add_2x8x16x16_body(
    const float *restrict in0,  // 1944 elements
    const float *restrict in1,  // 216 elements
    float *restrict out2,  // 4096 elements
    const float *restrict in3,  // 8 elements
    const union argument *arguments, long begin, long end, int *failure) {
  for (long task = begin; task < end; task++) {
    float sums[8][8] __attribute__((aligned(32)));
    float8v acc_0_0;
    float8v acc_1_0;
    float8v acc_2_0;
    float8v acc_3_0;
    float8v acc_4_0;
    float8v acc_5_0;
    float8v acc_6_0;
    float8v acc_7_0;
    float right[27][256] __attribute__((aligned(32)));
    for (long k = 0; k < 3; k++) {
      for (long k_2 = 0; k_2 < 3; k_2++) {
        for (long k_3 = 0; k_3 < 3; k_3++) {
          for (long column = 0; column < 16; column++) {
            #pragma omp simd
            for (int lane = 0; lane < 16; lane++) {
              right[k*9 + k_2*3 + k_3][column*16 + lane] = in0[task*972 + k*324 + k_2*18 + k_3 + column*18 + lane];
            }
          }
        }
      }
    }
    for (long panel = 0; panel < 32; panel++) {
      acc_0_0 = broadcast_float8v(0.0f);
      acc_1_0 = broadcast_float8v(0.0f);
      acc_2_0 = broadcast_float8v(0.0f);
      acc_3_0 = broadcast_float8v(0.0f);
      acc_4_0 = broadcast_float8v(0.0f);
      acc_5_0 = broadcast_float8v(0.0f);
      acc_6_0 = broadcast_float8v(0.0f);
      acc_7_0 = broadcast_float8v(0.0f);
      for (long k = 0; k < 27; k++) {
        const float v0 = in1[k];
        const float8v v1 = *(const float8v *)&right[k][panel*8];
        acc_0_0 = fma_float8v(broadcast_float8v(v0), v1, acc_0_0);
        const float v2 = in1[k + 27];
        acc_1_0 = fma_float8v(broadcast_float8v(v2), v1, acc_1_0);
        const float v3 = in1[k + 54];
        acc_2_0 = fma_float8v(broadcast_float8v(v3), v1, acc_2_0);
        const float v4 = in1[k + 81];
        acc_3_0 = fma_float8v(broadcast_float8v(v4), v1, acc_3_0);
        const float v5 = in1[k + 108];
        acc_4_0 = fma_float8v(broadcast_float8v(v5), v1, acc_4_0);
        const float v6 = in1[k + 135];
        acc_5_0 = fma_float8v(broadcast_float8v(v6), v1, acc_5_0);
        const float v7 = in1[k + 162];
        acc_6_0 = fma_float8v(broadcast_float8v(v7), v1, acc_6_0);
        const float v8 = in1[k + 189];
        acc_7_0 = fma_float8v(broadcast_float8v(v8), v1, acc_7_0);
      }
      *(float8v *)&sums[0][0] = acc_0_0;
      *(float8v *)&sums[1][0] = acc_1_0;
      *(float8v *)&sums[2][0] = acc_2_0;
      *(float8v *)&sums[3][0] = acc_3_0;
      *(float8v *)&sums[4][0] = acc_4_0;
      *(float8v *)&sums[5][0] = acc_5_0;
      *(float8v *)&sums[6][0] = acc_6_0;
      *(float8v *)&sums[7][0] = acc_7_0;
      for (long row = 0; row < 8; row++) {
        const float v9 = in3[row];
        #pragma omp simd
        for (int column = 0; column < 8; column++) {
          out2[task*2048 + panel*8 + row*256 + column] = sums[row][column] + v9;
        }
      }
    }
  }
}

void sum_add_2x8x16x16(void *const *buffers, const union argument *arguments, long begin, long end, int *failure) {
  sum_add_2x8x16x16_body(buffers[0], buffers[1], buffers[2], buffers[3], arguments, begin, end, failure);
}
