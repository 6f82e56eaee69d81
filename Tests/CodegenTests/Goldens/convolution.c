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
    float sums[4][24] __attribute__((aligned(32)));
    float8v acc_0_0, acc_0_1, acc_0_2;
    float8v acc_1_0, acc_1_1, acc_1_2;
    float8v acc_2_0, acc_2_1, acc_2_2;
    float8v acc_3_0, acc_3_1, acc_3_2;
    float right[3][326] __attribute__((aligned(32)));
    for (long k = 0; k < 3; k++) {
      for (long line = 0; line < 18; line++) {
        #pragma omp simd
        for (int lane = 0; lane < 18; lane++) {
          right[k][line*18 + lane] = in0[task*972 + k*324 + line*18 + lane];
        }
      }
    }
    for (long row_tile = 0; row_tile < 2; row_tile++) {
      for (long panel = 0; panel < 12; panel++) {
        acc_0_0 = broadcast_float8v(0.0f);
        acc_0_1 = broadcast_float8v(0.0f);
        acc_0_2 = broadcast_float8v(0.0f);
        acc_1_0 = broadcast_float8v(0.0f);
        acc_1_1 = broadcast_float8v(0.0f);
        acc_1_2 = broadcast_float8v(0.0f);
        acc_2_0 = broadcast_float8v(0.0f);
        acc_2_1 = broadcast_float8v(0.0f);
        acc_2_2 = broadcast_float8v(0.0f);
        acc_3_0 = broadcast_float8v(0.0f);
        acc_3_1 = broadcast_float8v(0.0f);
        acc_3_2 = broadcast_float8v(0.0f);
        for (long k = 0; k < 3; k++) {
          for (long k_2 = 0; k_2 < 3; k_2++) {
            for (long k_3 = 0; k_3 < 3; k_3++) {
              const float v0 = in1[row_tile*108 + k*9 + k_2*3 + k_3];
              const float8v v1 = *(const float8v *)&right[k][panel*24 + k_2*18 + k_3];
              acc_0_0 = fma_float8v(broadcast_float8v(v0), v1, acc_0_0);
              const float8v v2 = *(const float8v *)&right[k][panel*24 + k_2*18 + k_3 + 8];
              acc_0_1 = fma_float8v(broadcast_float8v(v0), v2, acc_0_1);
              const float8v v3 = *(const float8v *)&right[k][panel*24 + k_2*18 + k_3 + 16];
              acc_0_2 = fma_float8v(broadcast_float8v(v0), v3, acc_0_2);
              const float v4 = in1[row_tile*108 + k*9 + k_2*3 + k_3 + 27];
              acc_1_0 = fma_float8v(broadcast_float8v(v4), v1, acc_1_0);
              acc_1_1 = fma_float8v(broadcast_float8v(v4), v2, acc_1_1);
              acc_1_2 = fma_float8v(broadcast_float8v(v4), v3, acc_1_2);
              const float v5 = in1[row_tile*108 + k*9 + k_2*3 + k_3 + 54];
              acc_2_0 = fma_float8v(broadcast_float8v(v5), v1, acc_2_0);
              acc_2_1 = fma_float8v(broadcast_float8v(v5), v2, acc_2_1);
              acc_2_2 = fma_float8v(broadcast_float8v(v5), v3, acc_2_2);
              const float v6 = in1[row_tile*108 + k*9 + k_2*3 + k_3 + 81];
              acc_3_0 = fma_float8v(broadcast_float8v(v6), v1, acc_3_0);
              acc_3_1 = fma_float8v(broadcast_float8v(v6), v2, acc_3_1);
              acc_3_2 = fma_float8v(broadcast_float8v(v6), v3, acc_3_2);
            }
          }
        }
        *(float8v *)&sums[0][0] = acc_0_0;
        *(float8v *)&sums[0][8] = acc_0_1;
        *(float8v *)&sums[0][16] = acc_0_2;
        *(float8v *)&sums[1][0] = acc_1_0;
        *(float8v *)&sums[1][8] = acc_1_1;
        *(float8v *)&sums[1][16] = acc_1_2;
        *(float8v *)&sums[2][0] = acc_2_0;
        *(float8v *)&sums[2][8] = acc_2_1;
        *(float8v *)&sums[2][16] = acc_2_2;
        *(float8v *)&sums[3][0] = acc_3_0;
        *(float8v *)&sums[3][8] = acc_3_1;
        *(float8v *)&sums[3][16] = acc_3_2;
        for (long row = 0; row < 4; row++) {
          for (long line = 0; line < 3; line++) {
            if ((int)(panel*4)/3 + line < 16) {
              #pragma omp simd
              for (int column = 0; column < 16; column++) {
                if (-23 <= ((int)panel%3)*6 - (int)line*18 - column && ((int)panel%3)*6 - (int)line*18 - column < 1) {
                  out2[task*2048 + row_tile*1024 + ((int)(panel*4)/3)*16 + row*256 + line*16 + column] = sums[row][-((int)panel%3)*6 + line*18 + column] + in3[row_tile*4 + row];
                }
              }
            }
          }
        }
      }
    }
  }
}

void sum_add_2x8x16x16(void *const *buffers, const union argument *arguments, long begin, long end, int *failure) {
  sum_add_2x8x16x16_body(buffers[0], buffers[1], buffers[2], buffers[3], arguments, begin, end, failure);
}
