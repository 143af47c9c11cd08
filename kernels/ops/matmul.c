/* SPDX-License-Identifier: Apache-2.0 */
/* From a block type's number (GGUF's) to its functions. */
#include "matmul.h"
#include "types/floats.h"

enum { F32 = 0, F16 = 1, BF16 = 30 };

#define TYPE(number, name, columns)                                                    \
  void matmul_##name(const Matmul *m);                                                 \
  void matmul_plain_##name(const Matmul *m);                                           \
  int is_finite_##name(const uint8_t *w, size_t blocks);                               \
  void interleave_##name(uint8_t *w, uint8_t *scratch, uint32_t groups, uint32_t k);   \
  void get_row_##name(const uint8_t *w, uint32_t row, uint32_t n, uint32_t k, float *y);
#include "types.def"

void matmul(uint32_t type, const Matmul *m) {
  switch (type) {
    case F32: matmul_f32(m); break;
    case F16: matmul_f16(m); break;
    case BF16: matmul_bf16(m); break;
#define TYPE(number, name, columns) \
  case number: matmul_##name(m); break;
#include "types.def"
  }
}

void get_row(uint32_t type, const uint8_t *w, uint32_t row, uint32_t n, uint32_t k, float *y) {
  switch (type) {
    case F32: get_row_f32(w, row, k, y); break;
    case F16: get_row_f16(w, row, k, y); break;
    case BF16: get_row_bf16(w, row, k, y); break;
#define TYPE(number, name, columns) \
  case number: get_row_##name(w, row, n, k, y); break;
#include "types.def"
  }
}

/* Whether all weights of w[n][k], in the file's layout, are finite. */
EXPORT(is_finite) int is_finite(uint32_t type, const uint8_t *w, uint32_t n, uint32_t k) {
  const size_t elements = (size_t)n * k;
  switch (type) {
    case F32: return is_finite_f32(w, elements);
    case F16: return is_finite_f16(w, elements);
    case BF16: return is_finite_bf16(w, elements);
#define TYPE(number, name, columns) \
  case number: return is_finite_##name(w, elements / columns);
#include "types.def"
  }
  return 0;
}

/* Interleave the whole groups of eight rows of w[n][k] in place. */
EXPORT(interleave) void interleave(uint32_t type, uint8_t *w, uint8_t *scratch, uint32_t n, uint32_t k) {
  switch (type) {
#define TYPE(number, name, columns) \
  case number: interleave_##name(w, scratch, n / 8, k); break;
#include "types.def"
  }
}

/* y[rows][n] by the plain twin, from weights in the file's layout: for tests. */
EXPORT(matmul_plain) void matmul_plain(uint32_t type, float *y, const void *x, const ActivationBlock *blocks, const uint8_t *w,
                                       uint32_t rows, uint32_t k, uint32_t n) {
  const Matmul m = {y, x, blocks, w, rows, k, n, 0, n};
  switch (type) {
#define TYPE(number, name, columns) \
  case number: matmul_plain_##name(&m); break;
#include "types.def"
  }
}
