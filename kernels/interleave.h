/* The interleaved layout of quantised weights, the same for every block type.
 *
 * Eight rows of a matrix stand together. For each block of the file's type (32 or 256 columns) come first the scales:
 * each field of the block's head (a number of one or two bytes) for all eight rows, then the next field; then, for types
 * with more than four bits, the high bits; then the low four bits of the weights. The last two are cut in sub-blocks of
 * 32 columns, for which, with rows r and columns 4 j + i (r and i in 0..3, j in 0..7):
 *
 *     nibbles, 128 bytes    byte 16 j + 4 r + i: low nibble row r, high nibble row 4 + r
 *     1 high bit, 32 bytes  byte 16 h + 4 r + i: bit j of row 4 h + r
 *     2 high bits, 64 bytes byte 32 h + 16 (j / 4) + 4 r + i: bits 2 (j % 4) of row 4 h + r
 *     8-bit weights, 256 bytes   byte 32 j + 16 h + 8 (i / 2) + 2 r + i % 2: row 4 h + r
 *
 * so that one load brings neighbouring columns of four or eight rows, and a dot product over neighbouring bytes leaves
 * each row's sum in a lane of its own. A group takes as many bytes as its rows did, so the layout is made in place. Rows
 * after the last whole group of eight keep the file's layout. */
#pragma once

#include "wasm.h"

enum { GROUP_ROWS = 8, SUB_BLOCK = 32 };

/* One field of a block's head: `count` numbers of `width` bytes from byte `offset` of the block on; whether they are
 * binary16 floats. */
typedef struct {
  uint16_t offset;
  uint8_t width, count, is_float;
} Field;

/* One row's sub-block in plain words: w = d * scale * (q - offset) + m, with one integer scale for each sixteen. */
typedef struct {
  int16_t q[SUB_BLOCK];
  int32_t scale[2];
  float d, m;
} Plain;

INLINE uint16_t load_u16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
INLINE float load_f16(const uint8_t *p) { return f16_to_f32(load_u16(p)); }

/* Weights of four columns, of rows 0..3 in w[0] and of rows 4..7 in w[1]. */
INLINE void load_nibbles(const uint8_t *nibbles, int j, v128_t w[2]) {
  const v128_t packed = load(nibbles + 16 * j);
  const v128_t mask = wasm_i8x16_const_splat(0x0f);
  w[0] = wasm_v128_and(packed, mask);
  w[1] = wasm_v128_and(wasm_u16x8_shr(packed, 4), mask);
}

/* The fifth bit, from `high`, in its place. */
INLINE void add_high_bit(const uint8_t *high, int j, v128_t w[2]) {
  const v128_t mask = wasm_i8x16_const_splat(0x10);
  for (int half = 0; half < 2; half++) {
    const v128_t bits = load(high + 16 * half);
    const v128_t moved = j < 4 ? wasm_i16x8_shl(bits, 4 - j) : wasm_u16x8_shr(bits, j - 4);
    w[half] = wasm_v128_or(w[half], wasm_v128_and(moved, mask));
  }
}

/* The fifth and the sixth bit, from `high`, in their places. */
INLINE void add_two_high_bits(const uint8_t *high, int j, v128_t w[2]) {
  const v128_t mask = wasm_i8x16_const_splat(0x30);
  const int at = 2 * (j % 4);
  for (int half = 0; half < 2; half++) {
    const v128_t bits = load(high + 32 * half + 16 * (j / 4));
    const v128_t moved = at < 4 ? wasm_i16x8_shl(bits, 4 - at) : wasm_u16x8_shr(bits, at - 4);
    w[half] = wasm_v128_or(w[half], wasm_v128_and(moved, mask));
  }
}

/* Put column c of row `row` of a sub-block in its place; the bytes were zero before. */
INLINE void put_weight(uint8_t *nibbles, uint8_t *high, const int bits, int row, int c, int q) {
  const int j = c / 4, i = c % 4, r = row % 4, half = row / 4;
  if (bits == 8) {
    nibbles[32 * j + 16 * half + 8 * (i / 2) + 2 * r + i % 2] = (uint8_t)q;
    return;
  }
  nibbles[16 * j + 4 * r + i] |= (uint8_t)((q & 15) << 4 * half);
  if (bits == 5) high[16 * half + 4 * r + i] |= (uint8_t)((q >> 4) << j);
  if (bits == 6) high[32 * half + 16 * (j / 4) + 4 * r + i] |= (uint8_t)((q >> 4) << 2 * (j % 4));
}

INLINE int get_weight(const uint8_t *nibbles, const uint8_t *high, const int bits, int row, int c) {
  const int j = c / 4, i = c % 4, r = row % 4, half = row / 4;
  if (bits == 8) return (int8_t)nibbles[32 * j + 16 * half + 8 * (i / 2) + 2 * r + i % 2];
  int q = nibbles[16 * j + 4 * r + i] >> 4 * half & 15;
  if (bits == 5) q |= (high[16 * half + 4 * r + i] >> j & 1) << 4;
  if (bits == 6) q |= (high[32 * half + 16 * (j / 4) + 4 * r + i] >> 2 * (j % 4) & 3) << 4;
  return q;
}
