/* SPDX-License-Identifier: Apache-2.0 */
/* IQ4_XS: d (f16), 16 bits with the high two of each of eight scales, 4 bytes with their low nibbles, 128 bytes of nibbles;
 * w = d (scale - 32) times the nibble's value. */
#include "types/interleave.h"
#include "iq4_values.h"
#define TYPE iq4_xs
#define BLOCK_BYTES 136
#define SUB_BLOCKS 8
#define WEIGHT_BITS 4
#define WIDE 1
#define HAS_MINIMUM 0
#define OFFSET 0
#define TABLE IQ4_VALUES
#define SCALE_BYTES 8
static const Field FIELDS[] = {{0, 2, 1, BINARY16}, {2, 2, 1, INTEGER}, {4, 1, 4, INTEGER}};

typedef struct {
  v128_t d[2];
} Scales;

INLINE void load_scales(const uint8_t *block, int sub, Scales *scales) {
  const v128_t low = wasm_u16x8_shr(wasm_u16x8_load8x8(block + 32 + 8 * (sub / 2)), (uint32_t)(4 * (sub % 2)));
  const v128_t high = wasm_u16x8_shr(load(block + 16), (uint32_t)(2 * sub));
  const v128_t scale = wasm_v128_or(wasm_v128_and(low, every_i16(15)),
                                    wasm_i16x8_shl(wasm_v128_and(high, every_i16(3)), 4));
  const v128_t less = wasm_i16x8_sub(scale, every_i16(32));
  const v128_t halves[2] = {wasm_i32x4_extend_low_i16x8(less), wasm_i32x4_extend_high_i16x8(less)};
  for (int half = 0; half < 2; half++)
    scales->d[half] = wasm_f32x4_mul(f16x4_to_f32x4(block + 8 * half), wasm_f32x4_convert_i32x4(halves[half]));
}

INLINE void plain_scales(const uint8_t *block, int sub, Plain *plain) {
  const int low = block[4 + sub / 2] >> 4 * (sub % 2) & 15, high = load_u16(block + 2) >> 2 * sub & 3;
  plain->d = load_f16(block) * (float)((low | high << 4) - 32);
}

INLINE void plain_weights(const uint8_t *block, int sub, int16_t *q) {
  const uint8_t *nibbles = block + 8 + 16 * sub;
  for (int i = 0; i < 16; i++) {
    q[i] = nibbles[i] & 15;
    q[16 + i] = nibbles[i] >> 4;
  }
}

#include "types/blocks.h"
