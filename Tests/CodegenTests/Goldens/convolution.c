#define inline inline __attribute__((always_inline))

union argument {
  double real;
  long integer;
};

static inline long minimum_int64(long a, long b) { return a > b ? b : a; }

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
  for (long i0_i2_row_tile = begin; i0_i2_row_tile < end; i0_i2_row_tile++) {
    float sums[6][16] __attribute__((aligned(32)));
    float8v acc_0_0, acc_0_1;
    float8v acc_1_0, acc_1_1;
    float8v acc_2_0, acc_2_1;
    float8v acc_3_0, acc_3_1;
    float8v acc_4_0, acc_4_1;
    float8v acc_5_0, acc_5_1;
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
    for (long k10 = 0; k10 < 3; k10++) {
      for (long k11 = 0; k11 < 3; k11++) {
        for (long k12 = 0; k12 < 3; k12++) {
          const float v0 = in1[minimum_int64((i0_i2_row_tile%2)*6, 2)*27 + k10*9 + k11*3 + k12];
          const float8v v1 = *(const float8v *)&in0[(i0_i2_row_tile/32)*972 + ((i0_i2_row_tile/2)%16)*18 + k10*324 + k11*18 + k12];
          acc_0_0 = fma_float8v(broadcast_float8v(v0), v1, acc_0_0);
          const float8v v2 = *(const float8v *)&in0[(i0_i2_row_tile/32)*972 + ((i0_i2_row_tile/2)%16)*18 + k10*324 + k11*18 + k12 + 8];
          acc_0_1 = fma_float8v(broadcast_float8v(v0), v2, acc_0_1);
          const float v3 = in1[minimum_int64((i0_i2_row_tile%2)*6, 2)*27 + k10*9 + k11*3 + k12 + 27];
          acc_1_0 = fma_float8v(broadcast_float8v(v3), v1, acc_1_0);
          acc_1_1 = fma_float8v(broadcast_float8v(v3), v2, acc_1_1);
          const float v4 = in1[minimum_int64((i0_i2_row_tile%2)*6, 2)*27 + k10*9 + k11*3 + k12 + 54];
          acc_2_0 = fma_float8v(broadcast_float8v(v4), v1, acc_2_0);
          acc_2_1 = fma_float8v(broadcast_float8v(v4), v2, acc_2_1);
          const float v5 = in1[minimum_int64((i0_i2_row_tile%2)*6, 2)*27 + k10*9 + k11*3 + k12 + 81];
          acc_3_0 = fma_float8v(broadcast_float8v(v5), v1, acc_3_0);
          acc_3_1 = fma_float8v(broadcast_float8v(v5), v2, acc_3_1);
          const float v6 = in1[minimum_int64((i0_i2_row_tile%2)*6, 2)*27 + k10*9 + k11*3 + k12 + 108];
          acc_4_0 = fma_float8v(broadcast_float8v(v6), v1, acc_4_0);
          acc_4_1 = fma_float8v(broadcast_float8v(v6), v2, acc_4_1);
          const float v7 = in1[minimum_int64((i0_i2_row_tile%2)*6, 2)*27 + k10*9 + k11*3 + k12 + 135];
          acc_5_0 = fma_float8v(broadcast_float8v(v7), v1, acc_5_0);
          acc_5_1 = fma_float8v(broadcast_float8v(v7), v2, acc_5_1);
        }
      }
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
    for (long row = 0; row < minimum_int64(8 - (i0_i2_row_tile%2)*6, 6); row++) {
      const float v8 = in3[(i0_i2_row_tile%2)*6 + row];
      #pragma omp simd
      for (long column = 0; column < 16; column++) {
        const float v9 = sums[(i0_i2_row_tile%2)*6 - minimum_int64((i0_i2_row_tile%2)*6, 2) + row][column];
        out2[(i0_i2_row_tile/32)*2048 + (i0_i2_row_tile%2)*1536 + ((i0_i2_row_tile/2)%16)*16 + row*256 + column] = v9 + v8;
      }
    }
  }
}

void sum_add_2x8x16x16(void *const *buffers, const union argument *arguments, long begin, long end, int *failure) {
  sum_add_2x8x16x16_body(buffers[0], buffers[1], buffers[2], buffers[3], arguments, begin, end, failure);
}
