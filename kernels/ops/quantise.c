/* SPDX-License-Identifier: Apache-2.0 */
/* Activations to 8 bits: float32 x[rows][k] -> q[rows][k] in -127..127 and an ActivationBlock for every 32 of them.
 * With is_int16 set, q is written as 16-bit integers, which is what 8-bit weights multiply with. Each 32 stand in the order of
 * the interleaved layout (interleave.h). */
#include "quantise.h"

/* One block as 16-bit integers in four vectors. A NaN or an infinity in x makes the scale NaN or infinite and the
 * integers 0, so that it shows in the logits instead of vanishing in a rounding. */
INLINE void quantise_block(const float *x, v128_t q[4], ActivationBlock *block) {
  v128_t v[8];
  v128_t largest = wasm_i32x4_const_splat(0);
  for (int i = 0; i < 8; i++) {
    v[i] = load(x + 4 * i);
    largest = max_magnitude(largest, v[i]);
  }
  const float amax = largest_lane(largest);
  /* Below 1e-30 a block counts as zero: 127 / amax must not overflow. */
  const float inverse = amax > 1e-30f ? 127.0f / amax : 0.0f;
  const v128_t factor = wasm_f32x4_splat(inverse), kept = all_if_finite(amax);
  for (int i = 0; i < 4; i++) {
    const v128_t a = round_i32x4(wasm_f32x4_mul(v[2 * i], factor));
    const v128_t b = round_i32x4(wasm_f32x4_mul(v[2 * i + 1], factor));
    q[i] = wasm_v128_and(wasm_i16x8_narrow_i32x4(a, b), kept);
  }
  const v128_t ones = every_i16(1);
  const v128_t low = wasm_i32x4_dot_i16x8(wasm_i16x8_add(q[0], q[1]), ones);
  const v128_t high = wasm_i32x4_dot_i16x8(wasm_i16x8_add(q[2], q[3]), ones);
  const int32_t low_sum = wasm_i32x4_extract_lane(low, 0) + wasm_i32x4_extract_lane(low, 1) +
                          wasm_i32x4_extract_lane(low, 2) + wasm_i32x4_extract_lane(low, 3);
  const int32_t high_sum = wasm_i32x4_extract_lane(high, 0) + wasm_i32x4_extract_lane(high, 1) +
                           wasm_i32x4_extract_lane(high, 2) + wasm_i32x4_extract_lane(high, 3);
  block->scale = amax / 127.0f;
  block->sum = low_sum + high_sum;
  block->scaled_sum = block->scale * (float)block->sum;
  block->low_sum = (int16_t)low_sum;
  block->high_sum = (int16_t)high_sum;
}

/* Quantise the blocks [begin, end) of a row-major matrix; k is a multiple of 32, so blocks never cross rows. */
void quantise_blocks(const float *x, void *q, ActivationBlock *blocks, int is_int16, uint32_t begin, uint32_t end) {
  for (uint32_t b = begin; b < end; b++) {
    v128_t v[4];
    quantise_block(x + (size_t)b * ACTIVATION_BLOCK, v, blocks + b);
    if (is_int16) {
      int16_t *to = (int16_t *)q + (size_t)b * ACTIVATION_BLOCK;
      for (int i = 0; i < 2; i++) {
        store(to + 16 * i, wasm_i16x8_shuffle(v[i], v[2 + i], 0, 8, 1, 9, 2, 10, 3, 11));
        store(to + 16 * i + 8, wasm_i16x8_shuffle(v[i], v[2 + i], 4, 12, 5, 13, 6, 14, 7, 15));
      }
    } else {
      int8_t *to = (int8_t *)q + (size_t)b * ACTIVATION_BLOCK;
      const v128_t low = wasm_i8x16_narrow_i16x8(v[0], v[1]), high = wasm_i8x16_narrow_i16x8(v[2], v[3]);
      store(to, wasm_i16x8_shuffle(low, high, 0, 8, 1, 9, 2, 10, 3, 11));
      store(to + 16, wasm_i16x8_shuffle(low, high, 4, 12, 5, 13, 6, 14, 7, 15));
    }
  }
}
