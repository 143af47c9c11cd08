/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers picked out of an array, and a sort for them: largest first, in time that depends on nothing but their count. */
#pragma once

#include "include/wasm.h"

/* A number's place in the order of floats, as an unsigned integer, and its place in the array. */
typedef struct {
  uint32_t key, index;
} Item;

#define SIGN 0x80000000u

/* Signed integers in the order of the floats; -0 is +0. */
INLINE v128_t order_of(v128_t x) {
  const v128_t bits = wasm_f32x4_add(x, wasm_f32x4_const_splat(0.0f));
  return wasm_v128_xor(bits, wasm_u32x4_shr(wasm_i32x4_shr(bits, 31), 1));
}

INLINE uint32_t key_of(float x) {
  return (uint32_t)wasm_i32x4_extract_lane(order_of(wasm_f32x4_splat(x)), 0) ^ SIGN;
}

/* The number of a key: the steps to the key, backwards. */
INLINE float value_of(uint32_t key) {
  const int32_t order = (int32_t)(key ^ SIGN);
  return __builtin_bit_cast(float, order ^ (int32_t)((uint32_t)(order >> 31) >> 1));
}

/* Bit i says whether x[i] is at least the floor, for the first n of x, at most sixteen; x is read up to a multiple of four. */
INLINE uint32_t reaching(const float *x, uint32_t n, v128_t floor) {
  if (n >= 16) {
    const v128_t low = wasm_i16x8_narrow_i32x4(wasm_f32x4_ge(load(x), floor), wasm_f32x4_ge(load(x + 4), floor));
    const v128_t high = wasm_i16x8_narrow_i32x4(wasm_f32x4_ge(load(x + 8), floor), wasm_f32x4_ge(load(x + 12), floor));
    return wasm_i8x16_bitmask(wasm_i8x16_narrow_i16x8(low, high));
  }
  uint32_t bits = 0;
  for (uint32_t i = 0; i < n; i += 4) bits |= (uint32_t)wasm_i32x4_bitmask(wasm_f32x4_ge(load(x + i), floor)) << i;
  return bits & ((1u << n) - 1);
}

/* Lists those of x that are at least `floor`, in their order; returns how many. */
static uint32_t collect(const float *x, uint32_t n, float floor, Item *items) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += 16) {
    for (uint32_t found = reaching(x + i, n - i, wasm_f32x4_splat(floor)); found; found &= found - 1) {
      const uint32_t at = i + (uint32_t)__builtin_ctz(found);
      items[count++] = (Item){key_of(x[at]), at};
    }
  }
  return count;
}

/* Sorts by key, the largest first; equals keep their order. Returns where the result is: in `items` or in `spare`. A radix
 * sort by bytes, the lowest first (Knuth, The Art of Computer Programming, 5.2.5); a byte that all have in common moves
 * nothing. */
static Item *sort_down(Item *items, uint32_t n, Item *spare) {
  for (int shift = 0; shift < 32; shift += 8) {
    uint32_t places[256] = {0};
    for (uint32_t i = 0; i < n; i++) places[~items[i].key >> shift & 255]++;
    if (n == 0 || places[~items[0].key >> shift & 255] == n) continue;
    uint32_t before = 0;
    for (int byte = 0; byte < 256; byte++) {
      const uint32_t count = places[byte];
      places[byte] = before;
      before += count;
    }
    for (uint32_t i = 0; i < n; i++) spare[places[~items[i].key >> shift & 255]++] = items[i];
    Item *sorted = spare;
    spare = items;
    items = sorted;
  }
  return items;
}
