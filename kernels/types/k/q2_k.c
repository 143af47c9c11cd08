/* SPDX-License-Identifier: Apache-2.0 */
/* Q2_K: 16 bytes of scale (low nibble) and minimum (high nibble) of sixteen columns each, 64 bytes of 2-bit weights, d, dmin
 * (f16); w = d scale q - dmin minimum. */
#include "types/interleave.h"
#define TYPE q2_k
#define BLOCK_BYTES 84
#define SUB_BLOCKS 8
#define WEIGHT_BITS 2
#define SPLIT_SCALES 1
#define HAS_MINIMUM 1
#define OFFSET 0
#define SCALE_BYTES 20
static const Field FIELDS[] = {{80, 2, 1, BINARY16}, {82, 2, 1, BINARY16}, {0, 2, 8, INTEGER}}; /* a sub-block's two together */

typedef struct {
  v128_t d[2], m[2];
  v128_t pairs[2], minimums[2];
} Scales;

INLINE void load_scales(const uint8_t *block, int sub, Scales *scales) {
  const v128_t both = load(block + 32 + 16 * sub);
  const v128_t scale = wasm_v128_and(both, every_i8(15)), minimum = wasm_u8x16_shr(both, 4);
  scales->pairs[0] = wasm_u16x8_extend_low_u8x16(scale);
  scales->pairs[1] = wasm_u16x8_extend_high_u8x16(scale);
  scales->minimums[0] = wasm_u16x8_extend_low_u8x16(minimum);
  scales->minimums[1] = wasm_u16x8_extend_high_u8x16(minimum);
  for (int half = 0; half < 2; half++) {
    scales->d[half] = f16x4_to_f32x4(block + 8 * half);
    scales->m[half] = wasm_f32x4_neg(f16x4_to_f32x4(block + 16 + 8 * half));
  }
}

INLINE void plain_scales(const uint8_t *block, int sub, Plain *plain) {
  plain->d = load_f16(block + 80);
  plain->m = -load_f16(block + 82);
  for (int e = 0; e < 2; e++) {
    plain->scale[e] = block[2 * sub + e] & 15;
    plain->minimum[e] = block[2 * sub + e] >> 4;
  }
}

INLINE void plain_weights(const uint8_t *block, int sub, int16_t *q) {
  const uint8_t *pairs = block + 16 + 32 * (sub / 4);
  for (int i = 0; i < 32; i++) q[i] = pairs[i] >> 2 * (sub % 4) & 3;
}

#include "types/blocks.h"
