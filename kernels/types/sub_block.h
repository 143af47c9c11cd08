/* SPDX-License-Identifier: Apache-2.0 */
/* One sub-block, 32 columns of eight rows in the interleaved layout: how its weights are packed, and their integer dot
 * products with activations. Included by blocks.h, with what the type has defined. */
#include "include/dot.h"
#include "interleave.h"
#ifdef TERNARY
#include "types/ternary/ternary.h"
#endif

#define UNROLL _Pragma("clang loop unroll(full)")

enum {
  LOW_BITS = (WEIGHT_BITS == 8 ? 8 : WEIGHT_BITS >= 4 ? 4 : 2),
  HIGH_BITS = WEIGHT_BITS - LOW_BITS,
  HIGH_BYTES = HIGH_BITS * SUB_BLOCK,
#ifdef TERNARY
  LOW_BYTES = TERNARY_BYTES,
  LAST_BYTES = 32,
#else
  LOW_BYTES = LOW_BITS * SUB_BLOCK,
  LAST_BYTES = 0,
#endif
  HIGH_START = SCALE_BYTES * GROUP_ROWS,
  LOW_START = HIGH_START + HIGH_BYTES * SUB_BLOCKS,
  /* Runs of columns whose 16-bit sums can't overflow: 2 * 127 * largest q for each four columns. */
  PARTS = (LARGEST <= 15 ? 1 : LARGEST <= 31 ? 2 : 4),
  STEPS = SUB_BLOCK / 4 / PARTS,
};
_Static_assert(LOW_START + LOW_BYTES * SUB_BLOCKS + LAST_BYTES == BLOCK_BYTES * GROUP_ROWS,
               "interleaving must not change the size");
_Static_assert(WIDE || 2 * 127 * LARGEST * STEPS <= 32767, "16-bit sums must not overflow");

#ifdef TABLE
static const int8_t TABLE_VALUES[16] = {TABLE};
#define VALUE(q) TABLE_VALUES[q]
#else
#define VALUE(q) (q)
#endif

/* Put column c of row `row` of a sub-block in its place; the bytes were zero before. */
INLINE void put_weight(uint8_t *block, int sub, int row, int c, int q) {
#ifdef TERNARY
  put_ternary(block + LOW_START, sub, row, c, q);
#else
  put_bits(block + LOW_START + sub * LOW_BYTES, low_place(LOW_BITS, row, c), q & ((1 << LOW_BITS) - 1));
  if (HIGH_BITS) put_bits(block + HIGH_START + sub * HIGH_BYTES, high_place(HIGH_BITS, row, c), q >> LOW_BITS);
#endif
}

INLINE int get_weight(const uint8_t *block, int sub, int row, int c) {
#ifdef TERNARY
  return get_ternary(block + LOW_START, sub, row, c);
#else
  int q = get_bits(block + LOW_START + sub * LOW_BYTES, low_place(LOW_BITS, row, c), LOW_BITS);
  if (LOW_BITS == 8) return (int8_t)q;
  if (HIGH_BITS) q |= get_bits(block + HIGH_START + sub * HIGH_BYTES, high_place(HIGH_BITS, row, c), HIGH_BITS) << LOW_BITS;
  return q;
#endif
}

/* The weights of step j: four columns of rows 0..3 in w[0] and of rows 4..7 in w[1]. `carried` is the unpacking's own. */
INLINE void load_weights(const uint8_t *block, int sub, int j, v128_t w[2], v128_t *carried) {
#ifdef TERNARY
  load_ternary(block + LOW_START, sub, j, w, carried);
#else
  const uint8_t *low = block + LOW_START + sub * LOW_BYTES, *high = block + HIGH_START + sub * HIGH_BYTES;
  (void)carried;
  if (WEIGHT_BITS == 2) load_two_bits(low, j, w);
  if (WEIGHT_BITS == 3) load_three_bits(low, high, j, w);
  if (WEIGHT_BITS >= 4) split_nibbles(load(low + 16 * j), w);
  if (WEIGHT_BITS == 5) add_high_bit(high, j, w);
  if (WEIGHT_BITS == 6) add_two_high_bits(high, j, w);
#ifdef TABLE
  for (int half = 0; half < 2; half++) w[half] = wasm_i8x16_swizzle(keep(wasm_i8x16_const(TABLE)), w[half]);
#endif
#endif
}

#if WIDE

typedef int16_t Activation;

/* The weights of half a step: two columns of rows 0..3 and of rows 4..7, as 16-bit integers times WIDE_UNIT. */
INLINE void widen_weights(const uint8_t *block, int sub, int j, int i, v128_t w[2]) {
#if WEIGHT_BITS == 8
  for (int half = 0; half < 2; half++) w[half] = wasm_i16x8_load8x8(block + LOW_START + sub * LOW_BYTES + 32 * j + 16 * half + 8 * i);
#else
  v128_t carried;
  load_weights(block, sub, j, w, &carried);
  for (int half = 0; half < 2; half++)
    w[half] = i == 0 ? wasm_i16x8_shl(w[half], 8) : wasm_v128_and(w[half], every_i16(0xff00));
#endif
}

/* Signed 8-bit weights: their products with activations need 16-bit operands. */
INLINE void dot_sub_block(const uint8_t *block, int sub, const Scales *scales, const Activation *q, uint32_t k,
                          const int tokens, v128_t dot[4][2]) {
  (void)scales;
  UNROLL for (int pair = 0; pair < SUB_BLOCK / 2; pair++) {
    v128_t w[2];
    widen_weights(block, sub, pair / 2, pair % 2, w);
    UNROLL for (int t = 0; t < tokens; t++) {
      const v128_t a = wasm_v128_load32_splat(q + (size_t)t * k + 2 * pair);
      for (int half = 0; half < 2; half++) {
        const v128_t sums = wasm_i32x4_dot_i16x8(w[half], a);
        dot[t][half] = pair == 0 ? sums : wasm_i32x4_add(dot[t][half], sums);
        in_order(&dot[t][half]);
      }
    }
  }
  /* A weight in the upper half of its 16 bits counts 256 times: 32 * 127 * 127 * 256 is well within 31 bits. */
  if (WEIGHT_BITS != 8)
    for (int t = 0; t < tokens; t++)
      for (int half = 0; half < 2; half++) dot[t][half] = wasm_i32x4_shr(dot[t][half], 8);
}

#else

typedef int8_t Activation;

/* 16-bit pair sums -> one 32-bit sum a row, each sixteen columns multiplied with their integer scale where there is one. */
INLINE v128_t widen(v128_t sums, const Scales *scales, int half) {
#if SPLIT_SCALES
  return wasm_i32x4_dot_i16x8(sums, scales->pairs[half]);
#else
  (void)scales, (void)half;
  return wasm_i32x4_dot_i16x8(sums, every_i16(1));
#endif
}

INLINE void dot_sub_block(const uint8_t *block, int sub, const Scales *scales, const Activation *q, uint32_t k,
                          const int tokens, v128_t dot[4][2]) {
  v128_t carried = wasm_i32x4_const_splat(0);
  UNROLL for (int part = 0; part < PARTS; part++) {
    v128_t sums[4][2];
    UNROLL for (int step = 0; step < STEPS; step++) {
      const int j = part * STEPS + step;
      v128_t w[2];
      load_weights(block, sub, j, w, &carried);
      UNROLL for (int t = 0; t < tokens; t++) {
        const v128_t a = wasm_v128_load32_splat(q + (size_t)t * k + 4 * j);
        for (int half = 0; half < 2; half++) {
          const v128_t pairs = dot_pairs(w[half], a);
          sums[t][half] = step == 0 ? pairs : wasm_i16x8_add(sums[t][half], pairs);
          in_order(&sums[t][half]);
        }
      }
    }
    UNROLL for (int t = 0; t < tokens; t++) {
      for (int half = 0; half < 2; half++) {
        const v128_t wide = widen(sums[t][half], scales, half);
        dot[t][half] = part == 0 ? wide : wasm_i32x4_add(dot[t][half], wide);
      }
    }
  }
}

#endif
