/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of one element, [begin, end) of a buffer of floats. Infinities and NaNs come out as such, or as NaNs. */
#include "elementwise.h"
#include "include/math.h"

enum { GELU, GELU_ERF, RELU, SOFTCAP, SCALE };

INLINE v128_t apply(v128_t x, v128_t parameter, const int kind) {
  if (kind == GELU) return gelu_f32x4(x);
  if (kind == GELU_ERF) return gelu_erf_f32x4(x);
  if (kind == SOFTCAP) return softcap_f32x4(x, parameter);
  if (kind == SCALE) return wasm_f32x4_mul(x, parameter);
  /* x - x is 0, but NaN of an infinity. */
  return wasm_v128_bitselect(x, wasm_f32x4_sub(x, x), wasm_f32x4_gt(x, wasm_f32x4_const_splat(0.0f)));
}

INLINE void map(float *y, const float *x, float parameter, uint32_t begin, uint32_t end, const int kind) {
  const v128_t p = wasm_f32x4_splat(parameter);
  uint32_t i = begin;
  for (; i + 4 <= end; i += 4) store(y + i, apply(load(x + i), p, kind));
  if (i < end) store_part(y + i, apply(load_part(x + i, end - i), p, kind), end - i);
}

void gelu(float *y, const float *x, float unused, uint32_t begin, uint32_t end) { map(y, x, unused, begin, end, GELU); }
void gelu_erf(float *y, const float *x, float unused, uint32_t begin, uint32_t end) { map(y, x, unused, begin, end, GELU_ERF); }
void relu(float *y, const float *x, float unused, uint32_t begin, uint32_t end) { map(y, x, unused, begin, end, RELU); }
void softcap(float *y, const float *x, float cap, uint32_t begin, uint32_t end) { map(y, x, cap, begin, end, SOFTCAP); }
void scale(float *y, const float *x, float factor, uint32_t begin, uint32_t end) { map(y, x, factor, begin, end, SCALE); }

INLINE v128_t gelu_times(v128_t gate, v128_t up) { return wasm_f32x4_mul(gelu_f32x4(gate), up); }

/* y = gelu(gate) * up. */
void gelu_gate(float *y, const float *gate, const float *up, uint32_t begin, uint32_t end) {
  uint32_t i = begin;
  for (; i + 4 <= end; i += 4) store(y + i, gelu_times(load(gate + i), load(up + i)));
  if (i < end) store_part(y + i, gelu_times(load_part(gate + i, end - i), load_part(up + i, end - i)), end - i);
}
