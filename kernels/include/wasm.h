/* SPDX-License-Identifier: Apache-2.0 */
/* What every kernel shares: names for the machine's types and a few vector idioms.
 *
 * A kernel is a plain function over one flat memory, the arena. Pointers are offsets in it. Nothing here allocates,
 * calls a library or keeps state between calls, so one memory can be shared by any number of instances.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <wasm_simd128.h>

#define INLINE static inline __attribute__((always_inline))
#define EXPORT(name) __attribute__((export_name(#name)))

INLINE v128_t load(const void *p) { return wasm_v128_load(p); }
INLINE void store(void *p, v128_t v) { wasm_v128_store(p, v); }

INLINE v128_t splat_load_f32(const float *p) { return wasm_v128_load32_splat(p); }

/* A constant kept in a local. Left alone the compiler writes constants where they are used, in the midst of loops, and V8
 * makes each anew, three instructions, every time. */
INLINE v128_t keep(v128_t v) {
  __asm__("" : "+r"(v));
  return v;
}

INLINE v128_t every_i8(int8_t x) { return keep(wasm_i8x16_splat(x)); }
INLINE v128_t every_i16(int16_t x) { return keep(wasm_i16x8_splat(x)); }
INLINE v128_t every_i32(int32_t x) { return keep(wasm_i32x4_splat(x)); }
INLINE v128_t every_f32(float x) { return keep(wasm_f32x4_splat(x)); }

/* The first n floats at p, at most four, and zeros after them. */
INLINE v128_t load_part(const float *p, uint32_t n) {
  if (n >= 4) return load(p);
  float v[4] = {0};
  for (uint32_t i = 0; i < n; i++) v[i] = p[i];
  return load(v);
}

/* Writes the first n lanes of v, n < 4. */
INLINE void store_part(float *p, v128_t v, uint32_t n) {
  float out[4];
  store(out, v);
  for (uint32_t i = 0; i < n; i++) p[i] = out[i];
}

/* Makes the compiler compute v before what follows. Left alone it orders a tile's work by its results, for which it must
 * keep all inputs in memory; ordered by its inputs, the results stay in registers. */
INLINE void in_order(v128_t *v) { __asm__ volatile("" : "+r"(*v)); }

/* The one order in which four lanes are added up. */
INLINE float sum_lanes(v128_t v) {
  return (wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1)) +
         (wasm_f32x4_extract_lane(v, 2) + wasm_f32x4_extract_lane(v, 3));
}

/* The larger of |x| and `largest`, lane by lane, compared as integers: for floats without a sign that is the same order, and
 * an infinity or a NaN is larger than any number, so neither gets lost. */
INLINE v128_t max_magnitude(v128_t largest, v128_t x) {
  return wasm_i32x4_max(largest, wasm_v128_and(x, every_i32(0x7fffffff)));
}

/* The largest lane of such a maximum. */
INLINE float largest_lane(v128_t v) {
  v = wasm_i32x4_max(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  return wasm_f32x4_extract_lane(wasm_i32x4_max(v, wasm_i32x4_shuffle(v, v, 1, 0, 3, 2)), 0);
}

INLINE float largest_float(v128_t v) {
  v = wasm_f32x4_pmax(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  return wasm_f32x4_extract_lane(wasm_f32x4_pmax(v, wasm_i32x4_shuffle(v, v, 1, 0, 3, 2)), 0);
}

/* 1.5 * 2^23: a number below 2^22 that is added to it is rounded to the nearest integer, of two the even one, which then
 * stands in the lowest bits of the sum. That is a third of the work of a rounding and a conversion. */
#define MAGIC 0x1.8p23f

INLINE v128_t add_magic(v128_t x) { return wasm_f32x4_add(x, every_f32(MAGIC)); }

/* x rounded to integers, |x| < 2^22. What comes of a NaN depends on its sign and payload, which WebAssembly leaves open and
 * processors set differently: nothing may be made of it (see all_if_finite). */
INLINE v128_t round_i32x4(v128_t x) {
  return wasm_i32x4_sub(add_magic(x), every_f32(MAGIC));
}

/* A mask for the integers that a vector is quantised to, by its largest magnitude: all bits, or none if that is infinite
 * or NaN. Integers of 0 and a scale that is not finite make every product with the vector NaN, on every processor. */
INLINE v128_t all_if_finite(float amax) { return every_i32(amax < __builtin_inff() ? -1 : 0); }

/* Four binary16 numbers as floats. The exponent and the mantissa move to their places in binary32, and a multiplication
 * by 2^112 mends the exponent's bias; binary16's subnormal numbers come out right too. Infinities and NaNs come out as
 * large finite numbers: weights with such scales are refused when they are loaded. */
INLINE v128_t f16x4_to_f32x4(const void *p) {
  const v128_t bits = wasm_v128_and(wasm_i32x4_shl(wasm_i32x4_load16x4(p), 13), every_i32(0x8fffe000u));
  return wasm_f32x4_mul(bits, every_f32(0x1p112f));
}

INLINE float f16_to_f32(uint16_t half) {
  const uint32_t bits = ((uint32_t)(int32_t)(int16_t)half << 13) & 0x8fffe000u;
  return __builtin_bit_cast(float, bits) * 0x1p112f;
}
