/* SPDX-License-Identifier: Apache-2.0 */
/* The twelve bytes of 6-bit scales and minima that Q4_K and Q5_K share: eight of each, the last four of both with their
 * two high bits in the first eight bytes. Eight rows are interleaved byte by byte. */
#pragma once

#include "types/interleave.h"

typedef struct {
  v128_t d[2], m[2];
} Scales;

INLINE void plain_k_scales(const uint8_t *block, int sub, Plain *plain) {
  const uint8_t *s = block + 4;
  const int scale = sub < 4 ? s[sub] & 63 : (s[sub + 4] & 15) | s[sub - 4] >> 6 << 4;
  const int minimum = sub < 4 ? s[sub + 4] & 63 : s[sub + 4] >> 4 | s[sub] >> 6 << 4;
  plain->d = load_f16(block) * (float)scale;
  plain->m = -(load_f16(block + 2) * (float)minimum);
}

/* d * scale and -(dmin * minimum) of eight rows. */
INLINE void load_k_scales(const uint8_t *block, int sub, Scales *scales) {
  const uint8_t *s = block + 32;
  v128_t scale, minimum; /* u8, eight rows in the low half */
  if (sub < 4) {
    const v128_t mask = wasm_i8x16_const_splat(63);
    scale = wasm_v128_and(wasm_v128_load64_zero(s + 8 * sub), mask);
    minimum = wasm_v128_and(wasm_v128_load64_zero(s + 8 * (sub + 4)), mask);
  } else {
    const v128_t nibble = wasm_i8x16_const_splat(15), pair = wasm_i8x16_const_splat(0x30);
    const v128_t low = wasm_v128_load64_zero(s + 8 * (sub + 4));
    const v128_t scale_high = wasm_v128_load64_zero(s + 8 * (sub - 4)), minimum_high = wasm_v128_load64_zero(s + 8 * sub);
    scale = wasm_v128_or(wasm_v128_and(low, nibble), wasm_v128_and(wasm_u16x8_shr(scale_high, 2), pair));
    minimum = wasm_v128_or(wasm_v128_and(wasm_u16x8_shr(low, 4), nibble), wasm_v128_and(wasm_u16x8_shr(minimum_high, 2), pair));
  }
  const v128_t wide_scale = wasm_u16x8_extend_low_u8x16(scale), wide_minimum = wasm_u16x8_extend_low_u8x16(minimum);
  const v128_t s_half[2] = {wasm_u32x4_extend_low_u16x8(wide_scale), wasm_u32x4_extend_high_u16x8(wide_scale)};
  const v128_t m_half[2] = {wasm_u32x4_extend_low_u16x8(wide_minimum), wasm_u32x4_extend_high_u16x8(wide_minimum)};
  for (int half = 0; half < 2; half++) {
    const v128_t d = f16x4_to_f32x4(block + 8 * half), dmin = f16x4_to_f32x4(block + 16 + 8 * half);
    scales->d[half] = wasm_f32x4_mul(d, wasm_f32x4_convert_i32x4(s_half[half]));
    scales->m[half] = wasm_f32x4_neg(wasm_f32x4_mul(dmin, wasm_f32x4_convert_i32x4(m_half[half])));
  }
}
