/* SPDX-License-Identifier: Apache-2.0 */
/* Weights of three values in the interleaved layout, five to a byte.
 *
 * The four columns of rows 4 h .. that one step j takes (see interleave.h) are unit 2 j + h of a sub-block. Units 0..14
 * are three vectors of five digits to the base of three each: a byte is a fraction, byte / 256 = 0.d1 d2 d3 d4 d5, and
 * times three, the part before the point is the next digit. The units 15 of four sub-blocks share a vector, two bits
 * each; these two vectors of a block come last. */
#pragma once

#include "types/interleave.h"

enum { TERNARY_BYTES = 3 * 16, TERNARY_SUB_BLOCKS = 8, TERNARY_LAST = TERNARY_BYTES * TERNARY_SUB_BLOCKS };

/* The weights of step j, in 0..2. `fractions` is carried from each step to the next: what is left of the digits, less
 * 128, so that it compares as a signed number; three times it is again three times the fraction less 128, modulo 256. */
INLINE void load_ternary(const uint8_t *low, int sub, int j, v128_t w[2], v128_t *fractions) {
  for (int half = 0; half < 2; half++) {
    const int unit = 2 * j + half;
    if (unit == 15) {
      const v128_t packed = load(low + TERNARY_LAST + 16 * (sub / 4));
      w[half] = wasm_v128_and(wasm_u16x8_shr(packed, 2 * (sub % 4)), every_i8(3));
      continue;
    }
    if (unit % 5 == 0) {
      *fractions = wasm_v128_xor(load(low + TERNARY_BYTES * sub + 16 * (unit / 5)), every_i8(-128));
    } else {
      v128_t doubled = wasm_i8x16_add(*fractions, *fractions);
      in_order(&doubled); /* two additions: there is no multiplication of bytes */
      *fractions = wasm_i8x16_add(doubled, *fractions);
    }
    const v128_t one = wasm_i8x16_gt(*fractions, every_i8(85 - 128));
    const v128_t two = wasm_i8x16_gt(*fractions, every_i8(170 - 128));
    w[half] = wasm_i8x16_sub(wasm_v128_and(one, every_i8(1)), two);
  }
}

static const uint8_t POWERS_OF_THREE[5] = {1, 3, 9, 27, 81};

INLINE int ternary_digit(uint8_t fraction, int digit) { return (uint8_t)(fraction * POWERS_OF_THREE[digit]) * 3 >> 8; }

/* Put column c of row `row` of a sub-block in its place; the bytes were zero before. */
INLINE void put_ternary(uint8_t *low, int sub, int row, int c, int q) {
  const int unit = c % 16 / 2 * 2 + row / 4, at = 4 * (row % 4) + 2 * (c / 16) + c % 2;
  if (unit == 15) {
    low[TERNARY_LAST + 16 * (sub / 4) + at] |= (uint8_t)(q << 2 * (sub % 4));
    return;
  }
  uint8_t *byte = low + TERNARY_BYTES * sub + 16 * (unit / 5) + at;
  const int digits = (*byte * 243 >> 8) + q * POWERS_OF_THREE[4 - unit % 5];
  *byte = (uint8_t)((digits * 256 + 242) / 243);
}

INLINE int get_ternary(const uint8_t *low, int sub, int row, int c) {
  const int unit = c % 16 / 2 * 2 + row / 4, at = 4 * (row % 4) + 2 * (c / 16) + c % 2;
  if (unit == 15) return low[TERNARY_LAST + 16 * (sub / 4) + at] >> 2 * (sub % 4) & 3;
  return ternary_digit(low[TERNARY_BYTES * sub + 16 * (unit / 5) + at], unit % 5);
}
