/* SPDX-License-Identifier: Apache-2.0 */
/* The integer dot product at the bottom of every quantised matmul, the only place where the two builds differ.
 *
 * Sixteen products of an unsigned 7-bit weight and a signed 8-bit activation, added up in neighbouring pairs: eight
 * 16-bit sums. With the weight in 0..127 the relaxed instruction has no freedom left, so both builds agree to the bit. */
#pragma once

#include "wasm.h"

INLINE v128_t dot_pairs(v128_t weights, v128_t activations) {
#ifdef RELAXED_DOT
  return wasm_i16x8_relaxed_dot_i8x16_i7x16(activations, weights);
#else
  const v128_t even = wasm_i16x8_mul(wasm_v128_and(weights, wasm_i16x8_const_splat(0xff)),
                                     wasm_i16x8_shr(wasm_i16x8_shl(activations, 8), 8));
  const v128_t odd = wasm_i16x8_mul(wasm_u16x8_shr(weights, 8), wasm_i16x8_shr(activations, 8));
  return wasm_i16x8_add(even, odd);
#endif
}
