/* Numbers picked out of an array, and a sort for them: largest first, in time that depends on nothing but their count. */
#pragma once

#include "wasm.h"

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

/* Lists those of x whose key is at least `floor`, in their order; returns how many. x is read up to a multiple of four. */
static uint32_t collect(const float *x, uint32_t n, uint32_t floor, Item *items) {
  const v128_t least = wasm_i32x4_splat((int32_t)(floor ^ SIGN));
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += 4) {
    uint32_t found = wasm_i32x4_bitmask(wasm_i32x4_ge(order_of(load(x + i)), least));
    if (n - i < 4) found &= (1u << (n - i)) - 1;
    for (; found; found &= found - 1) {
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
