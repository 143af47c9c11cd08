/* SPDX-License-Identifier: Apache-2.0 */
/* The small functions between matmuls. All buffers are row-major floats; [begin, end) is the caller's share. */
#include "elementwise.h"
#include "include/math.h"

/* y = x / sqrt(mean(x^2) + epsilon) * weight, rows [begin, end) of n columns. Where the sum of squares overflows y is NaN,
 * not 0, so that the run stops. */
void rms_norm(float *y, const float *x, const float *weight, float epsilon, uint32_t n, uint32_t begin, uint32_t end) {
  for (uint32_t row = begin; row < end; row++) {
    const float *from = x + (size_t)row * n;
    float *to = y + (size_t)row * n;
    const uint32_t whole = n / 4 * 4;
    v128_t squares = wasm_f32x4_const_splat(0.0f);
    for (uint32_t i = 0; i < whole; i += 4) {
      const v128_t v = load(from + i);
      squares = wasm_f32x4_add(squares, wasm_f32x4_mul(v, v));
    }
    float sum = sum_lanes(squares);
    for (uint32_t i = whole; i < n; i++) sum = sum + from[i] * from[i];
    const float scale = sum < __builtin_inff() ? 1.0f / __builtin_sqrtf(sum / (float)n + epsilon) : __builtin_nanf("");
    const v128_t factor = wasm_f32x4_splat(scale);
    for (uint32_t i = 0; i < whole; i += 4) store(to + i, wasm_f32x4_mul(wasm_f32x4_mul(load(from + i), factor), load(weight + i)));
    for (uint32_t i = whole; i < n; i++) to[i] = from[i] * scale * weight[i];
  }
}

INLINE v128_t silu_times(v128_t gate, v128_t up) { return wasm_f32x4_mul(silu_f32x4(gate), up); }

/* y = silu(gate) * up. */
void silu_gate(float *y, const float *gate, const float *up, uint32_t begin, uint32_t end) {
  uint32_t i = begin;
  for (; i + 4 <= end; i += 4) store(y + i, silu_times(load(gate + i), load(up + i)));
  if (i < end) store_part(y + i, silu_times(load_part(gate + i, end - i), load_part(up + i, end - i)), end - i);
}

/* y = a + b. */
void add(float *y, const float *a, const float *b, uint32_t begin, uint32_t end) {
  uint32_t i = begin;
  for (; i + 4 <= end; i += 4) store(y + i, wasm_f32x4_add(load(a + i), load(b + i)));
  for (; i < end; i++) y[i] = a[i] + b[i];
}
