/* SPDX-License-Identifier: Apache-2.0 */
/* The interleaved layout of quantised weights, the same for every block type.
 *
 * Eight rows of a matrix stand together. For each block of the file's type (32 or 256 columns) come first the scales:
 * each field of the block's head (a number of one or two bytes) for all eight rows, then the next field; then, for types
 * of three, five and six bits, the high bits; then the low bits of the weights. The last two are cut in sub-blocks of 32
 * columns, for which, with row 4 h + r and column 16 e + 2 j + i (h, e and i in 0..1, r in 0..3, j in 0..7):
 *
 *     low 2 bits, 64 bytes       byte 16 (j / 2) + 4 r + 2 e + i: bits 4 h + 2 (j % 2)
 *     low 4 bits, 128 bytes      byte 16 j + 4 r + 2 e + i: bits 4 h
 *     1 high bit, 32 bytes       byte 16 (j / 4) + 4 r + 2 e + i: bit 4 h + j % 4
 *     2 high bits, 64 bytes      byte 32 h + 16 (j / 4) + 4 r + 2 e + i: bits 2 (j % 4)
 *     8-bit weights, 256 bytes   byte 32 j + 16 h + 8 i + 2 r + e
 *
 * (ternary.h has the layout of digits to the base of three.) One load brings four columns of four or eight rows, and a
 * dot product over neighbouring bytes leaves each row's sum in a lane of its own, and while the lanes have 16 bits, the
 * first and the second sixteen columns in lanes of their own. Quantised activations stand in the same order, in each 32:
 * 8-bit ones at 4 j + 2 e + i, 16-bit ones at 4 j + 2 i + e.
 *
 * A group takes as many bytes as its rows did, so the layout is made in place. Rows after the last whole group of eight
 * keep the file's layout. */
#pragma once

#include "include/wasm.h"

enum { GROUP_ROWS = 8, SUB_BLOCK = 32 };

typedef enum { INTEGER, BINARY16, E8M0 } FieldKind;

/* One field of a block's head: `count` numbers of `width` bytes from byte `offset` of the block on. */
typedef struct {
  uint16_t offset;
  uint8_t width, count, kind;
} Field;

/* One row's sub-block in plain words: w = d * scale * (q - offset) + m * minimum, with one integer scale and minimum for
 * each sixteen. */
typedef struct {
  int16_t q[SUB_BLOCK];
  int32_t scale[2], minimum[2];
  float d, m;
} Plain;

INLINE uint16_t load_u16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
INLINE float load_f16(const uint8_t *p) { return f16_to_f32(load_u16(p)); }

/* Where column c of a sub-block stands among quantised activations. */
INLINE int activation_at(int c, const int is_int16) {
  const int e = c / 16, j = c % 16 / 2, i = c % 2;
  return is_int16 ? 4 * j + 2 * i + e : 4 * j + 2 * e + i;
}

INLINE v128_t shift_left(v128_t v, const int by) { return by < 0 ? wasm_u16x8_shr(v, -by) : wasm_i16x8_shl(v, by); }

/* Weights of four columns, of rows 0..3 in w[0] and of rows 4..7 in w[1]. */
INLINE void load_two_bits(const uint8_t *low, int j, v128_t w[2]) {
  const v128_t packed = load(low + 16 * (j / 2));
  const v128_t mask = every_i8(0x03);
  w[0] = wasm_v128_and(wasm_u16x8_shr(packed, 2 * (j % 2)), mask);
  w[1] = wasm_v128_and(wasm_u16x8_shr(packed, 4 + 2 * (j % 2)), mask);
}

INLINE void split_nibbles(v128_t packed, v128_t w[2]) {
  const v128_t mask = every_i8(0x0f);
  w[0] = wasm_v128_and(packed, mask);
  w[1] = wasm_v128_and(wasm_u16x8_shr(packed, 4), mask);
}

/* Two bits and a third: put together for all eight rows before the rows are parted. */
INLINE void load_three_bits(const uint8_t *low, const uint8_t *high, int j, v128_t w[2]) {
  const v128_t pairs = wasm_u16x8_shr(load(low + 16 * (j / 2)), 2 * (j % 2));
  const v128_t thirds = shift_left(load(high + 16 * (j / 4)), 2 - j % 4);
  split_nibbles(wasm_v128_or(wasm_v128_and(pairs, every_i8(0x33)), wasm_v128_and(thirds, every_i8(0x44))), w);
}

/* The fifth bit, from `high`, in its place. */
INLINE void add_high_bit(const uint8_t *high, int j, v128_t w[2]) {
  const v128_t bits = load(high + 16 * (j / 4));
  const v128_t mask = every_i8(0x10);
  for (int half = 0; half < 2; half++)
    w[half] = wasm_v128_or(w[half], wasm_v128_and(shift_left(bits, 4 - 4 * half - j % 4), mask));
}

/* The fifth and the sixth bit, from `high`, in their places. */
INLINE void add_two_high_bits(const uint8_t *high, int j, v128_t w[2]) {
  const v128_t mask = every_i8(0x30);
  const int at = 2 * (j % 4);
  for (int half = 0; half < 2; half++) {
    const v128_t bits = load(high + 32 * half + 16 * (j / 4));
    w[half] = wasm_v128_or(w[half], wasm_v128_and(shift_left(bits, 4 - at), mask));
  }
}

/* A byte of a sub-block, and where in it the bits begin. */
typedef struct {
  int byte, shift;
} Place;

INLINE Place low_place(const int bits, int row, int c) {
  const int e = c / 16, j = c % 16 / 2, i = c % 2, r = row % 4, h = row / 4;
  if (bits == 8) return (Place){32 * j + 16 * h + 8 * i + 2 * r + e, 0};
  const int at = 4 * r + 2 * e + i;
  return bits == 4 ? (Place){16 * j + at, 4 * h} : (Place){16 * (j / 2) + at, 4 * h + 2 * (j % 2)};
}

INLINE Place high_place(const int bits, int row, int c) {
  const int e = c / 16, j = c % 16 / 2, i = c % 2, r = row % 4, h = row / 4;
  const int at = 4 * r + 2 * e + i;
  return bits == 1 ? (Place){16 * (j / 4) + at, 4 * h + j % 4} : (Place){32 * h + 16 * (j / 4) + at, 2 * (j % 4)};
}

INLINE void put_bits(uint8_t *to, Place place, int q) { to[place.byte] |= (uint8_t)(q << place.shift); }
INLINE int get_bits(const uint8_t *from, Place place, const int bits) {
  return from[place.byte] >> place.shift & ((1 << bits) - 1);
}
