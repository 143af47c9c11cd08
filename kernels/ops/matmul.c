/* SPDX-License-Identifier: Apache-2.0 */
/* From a block type's number (GGUF's) to its functions. */
#include "matmul.h"
#include "types/floats.h"

enum { F32 = 0, F16 = 1, BF16 = 30 };

/* GGUF's number, name, columns of a block. */
#define QUANTIZED(DO)                                                                                     \
  DO(2, q4_0, 32) DO(3, q4_1, 32) DO(6, q5_0, 32) DO(7, q5_1, 32) DO(8, q8_0, 32) DO(10, q2_k, 256)       \
  DO(11, q3_k, 256) DO(12, q4_k, 256) DO(13, q5_k, 256) DO(14, q6_k, 256) DO(20, iq4_nl, 32)              \
  DO(23, iq4_xs, 256) DO(34, tq1_0, 256) DO(35, tq2_0, 256) DO(39, mxfp4, 32)

#define DECLARE(number, name, columns)                                                          \
  void matmul_##name(const Matmul *m);                                                 \
  void matmul_plain_##name(const Matmul *m);                                           \
  int is_finite_##name(const uint8_t *w, size_t blocks);                               \
  void interleave_##name(uint8_t *w, uint8_t *scratch, uint32_t groups, uint32_t k);   \
  void get_row_##name(const uint8_t *w, uint32_t row, uint32_t n, uint32_t k, float *y);
QUANTIZED(DECLARE)

void matmul(uint32_t type, const Matmul *m) {
  switch (type) {
    case F32: matmul_f32(m); break;
    case F16: matmul_f16(m); break;
    case BF16: matmul_bf16(m); break;
#define MATMUL(number, name, columns) \
  case number: matmul_##name(m); break;
    QUANTIZED(MATMUL)
  }
}

void get_row(uint32_t type, const uint8_t *w, uint32_t row, uint32_t n, uint32_t k, float *y) {
  switch (type) {
    case F32: get_row_f32(w, row, k, y); break;
    case F16: get_row_f16(w, row, k, y); break;
    case BF16: get_row_bf16(w, row, k, y); break;
#define GET_ROW(number, name, columns) \
  case number: get_row_##name(w, row, n, k, y); break;
    QUANTIZED(GET_ROW)
  }
}

/* Whether all weights of w[n][k], in the file's layout, are finite. */
EXPORT(is_finite) int is_finite(uint32_t type, const uint8_t *w, uint32_t n, uint32_t k) {
  const size_t elements = (size_t)n * k;
  switch (type) {
    case F32: return is_finite_f32(w, elements);
    case F16: return is_finite_f16(w, elements);
    case BF16: return is_finite_bf16(w, elements);
#define IS_FINITE(number, name, columns) \
  case number: return is_finite_##name(w, elements / columns);
    QUANTIZED(IS_FINITE)
  }
  return 0;
}

/* Interleave the whole groups of eight rows of w[n][k] in place. */
EXPORT(interleave) void interleave(uint32_t type, uint8_t *w, uint8_t *scratch, uint32_t n, uint32_t k) {
  switch (type) {
#define INTERLEAVE(number, name, columns) \
  case number: interleave_##name(w, scratch, n / 8, k); break;
    QUANTIZED(INTERLEAVE)
  }
}

/* y[rows][n] by the plain twin, from weights in the file's layout: for tests. */
EXPORT(matmul_plain) void matmul_plain(uint32_t type, float *y, const void *x, const ActivationBlock *blocks, const uint8_t *w,
                                       uint32_t rows, uint32_t k, uint32_t n) {
  const Matmul m = {y, x, blocks, w, rows, k, n, 0, n};
  switch (type) {
#define PLAIN(number, name, columns) \
  case number: matmul_plain_##name(&m); break;
    QUANTIZED(PLAIN)
  }
}
