/* SPDX-License-Identifier: Apache-2.0 */
/* Matmul with weights that are floating-point numbers themselves: F32, F16 and BF16, in the file's layout.
 *
 * Each output adds up its products in four lanes (column modulo 4), then the lanes, then the last k % 4 products. */
#include "floats.h"

enum { F32, F16, BF16 };

/* Rows of weights that are added up at once. */
enum { AT_ONCE = 4 };

INLINE uint32_t bytes_of(const int type) { return type == F32 ? 4 : 2; }

INLINE v128_t load_four(const uint8_t *w, const int type) {
  if (type == F32) return load(w);
  if (type == F16) return f16x4_to_f32x4(w);
  return wasm_i32x4_shl(wasm_u32x4_load16x4(w), 16);
}

INLINE float load_one(const uint8_t *w, const int type) {
  if (type == F32) return __builtin_bit_cast(float, *(const uint32_t *)w);
  const uint16_t bits = *(const uint16_t *)w;
  return type == F16 ? f16_to_f32(bits) : __builtin_bit_cast(float, (uint32_t)bits << 16);
}

/* `count` rows of weights, `apart` rows from each other, against one row of activations. */
INLINE void dot_rows(const Matmul *m, uint32_t row, uint32_t apart, uint32_t token, const int count, const int type) {
  const size_t row_bytes = (size_t)m->k * bytes_of(type);
  const size_t step = apart * row_bytes;
  const uint8_t *w = m->w + row * row_bytes;
  const float *x = (const float *)m->x + (size_t)token * m->k;
  v128_t acc[AT_ONCE];
  for (int r = 0; r < count; r++) acc[r] = wasm_f32x4_const_splat(0.0f);
  const uint32_t whole = m->k / 4 * 4;
  for (uint32_t c = 0; c < whole; c += 4) {
    const v128_t a = load(x + c);
    for (int r = 0; r < count; r++)
      acc[r] = wasm_f32x4_add(acc[r], wasm_f32x4_mul(load_four(w + r * step + (size_t)c * bytes_of(type), type), a));
  }
  float *y = m->y + (size_t)token * m->n + row;
  for (int r = 0; r < count; r++) {
    float sum = sum_lanes(acc[r]);
    for (uint32_t c = whole; c < m->k; c++) sum = sum + load_one(w + r * step + (size_t)c * bytes_of(type), type) * x[c];
    y[r * apart] = sum;
  }
}

/* One row of each quarter at a time: the processor then fetches four long streams ahead. Of rows that lie side by side it
 * sees only short ones, and waits for memory at the beginning of each. */
INLINE void matmul_float(const Matmul *m, const int type) {
  const uint32_t part = (m->end - m->begin) / AT_ONCE;
  for (uint32_t row = m->begin; row < m->begin + part; row++)
    for (uint32_t t = 0; t < m->rows; t++) dot_rows(m, row, part, t, AT_ONCE, type);
  for (uint32_t row = m->begin + AT_ONCE * part; row < m->end; row++)
    for (uint32_t t = 0; t < m->rows; t++) dot_rows(m, row, 1, t, 1, type);
}

void matmul_f32(const Matmul *m) { matmul_float(m, F32); }
void matmul_f16(const Matmul *m) { matmul_float(m, F16); }
void matmul_bf16(const Matmul *m) { matmul_float(m, BF16); }

INLINE void get_row_float(const uint8_t *w, uint32_t row, uint32_t k, float *y, const int type) {
  const uint8_t *from = w + (size_t)row * k * bytes_of(type);
  for (uint32_t c = 0; c < k; c++) y[c] = load_one(from + (size_t)c * bytes_of(type), type);
}

void get_row_f32(const uint8_t *w, uint32_t row, uint32_t k, float *y) { get_row_float(w, row, k, y, F32); }
void get_row_f16(const uint8_t *w, uint32_t row, uint32_t k, float *y) { get_row_float(w, row, k, y, F16); }
void get_row_bf16(const uint8_t *w, uint32_t row, uint32_t k, float *y) { get_row_float(w, row, k, y, BF16); }

/* An exponent of all ones is an infinity or a NaN. */
int is_finite_f32(const uint8_t *w, size_t elements) {
  const uint32_t *bits = (const uint32_t *)w;
  for (size_t i = 0; i < elements; i++)
    if ((bits[i] & 0x7f800000u) == 0x7f800000u) return 0;
  return 1;
}

INLINE int is_finite_16(const uint8_t *w, size_t elements, uint16_t exponent) {
  const uint16_t *bits = (const uint16_t *)w;
  for (size_t i = 0; i < elements; i++)
    if ((bits[i] & exponent) == exponent) return 0;
  return 1;
}

int is_finite_f16(const uint8_t *w, size_t elements) { return is_finite_16(w, elements, 0x7c00); }
int is_finite_bf16(const uint8_t *w, size_t elements) { return is_finite_16(w, elements, 0x7f80); }
