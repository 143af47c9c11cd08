/* SPDX-License-Identifier: Apache-2.0 */
/* Q3_K: 32 bytes of third bits, 64 of 2-bit weights, 12 of 6-bit scales (one for sixteen columns: eight bytes of low
 * nibbles, four of bit pairs), d (f16); w = d (scale - 32) (q - 4). */
#include "types/interleave.h"
#define TYPE q3_k
#define BLOCK_BYTES 110
#define SUB_BLOCKS 8
#define WEIGHT_BITS 3
#define SPLIT_SCALES 1
#define HAS_MINIMUM 0
#define OFFSET 4
#define SCALE_BYTES 14
static const Field FIELDS[] = {{108, 2, 1, BINARY16}, {96, 2, 6, INTEGER}}; /* the scales' bytes in pairs: a sub-block's two */

typedef struct {
  v128_t d[2];
  v128_t pairs[2];
} Scales;

INLINE void load_scales(const uint8_t *block, int sub, Scales *scales) {
  const v128_t low = wasm_u16x8_shr(load(block + 16 + 16 * (sub % 4)), (uint32_t)(4 * (sub / 4)));
  const v128_t high = wasm_u16x8_shr(load(block + 80 + 16 * (sub % 2)), (uint32_t)(2 * (sub / 2)));
  const v128_t scale = wasm_v128_or(wasm_v128_and(low, every_i8(15)),
                                    wasm_i16x8_shl(wasm_v128_and(high, every_i8(3)), 4));
  const v128_t less = wasm_i8x16_sub(scale, every_i8(32));
  scales->pairs[0] = wasm_i16x8_extend_low_i8x16(less);
  scales->pairs[1] = wasm_i16x8_extend_high_i8x16(less);
  for (int half = 0; half < 2; half++) scales->d[half] = f16x4_to_f32x4(block + 8 * half);
}

INLINE void plain_scales(const uint8_t *block, int sub, Plain *plain) {
  plain->d = load_f16(block + 108);
  for (int e = 0; e < 2; e++) {
    const int low = block[96 + 2 * (sub % 4) + e] >> 4 * (sub / 4) & 15;
    const int high = block[104 + 2 * (sub % 2) + e] >> 2 * (sub / 2) & 3;
    plain->scale[e] = (low | high << 4) - 32;
  }
}

INLINE void plain_weights(const uint8_t *block, int sub, int16_t *q) {
  const uint8_t *pairs = block + 32 + 32 * (sub / 4);
  for (int i = 0; i < 32; i++) q[i] = (int16_t)((pairs[i] >> 2 * (sub % 4) & 3) | (block[i] >> sub & 1) << 2);
}

#include "types/blocks.h"
