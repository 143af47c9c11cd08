/* SPDX-License-Identifier: Apache-2.0 */
/* MXFP4: an exponent (E8M0), 16 bytes of nibbles; w = 2^(e - 128) times twice the nibble's value, which is an integer. */
#include "types/interleave.h"
#define TYPE mxfp4
#define BLOCK_BYTES 17
#define SUB_BLOCKS 1
#define WEIGHT_BITS 4
#define HAS_MINIMUM 0
#define OFFSET 12
#define LARGEST 24
#define TABLE 12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0
#define SCALE_BYTES 1
static const Field FIELDS[] = {{0, 1, 1, E8M0}};

typedef struct {
  v128_t d[2];
} Scales;

/* 2^(e - 126) / 4: the smallest, 2^-128, is no normal number. */
INLINE void load_scales(const uint8_t *block, int sub, Scales *scales) {
  (void)sub;
  const v128_t e = wasm_u16x8_load8x8(block);
  const v128_t halves[2] = {wasm_u32x4_extend_low_u16x8(e), wasm_u32x4_extend_high_u16x8(e)};
  for (int half = 0; half < 2; half++) {
    const v128_t bits = wasm_i32x4_shl(wasm_i32x4_add(halves[half], every_i32(1)), 23);
    scales->d[half] = wasm_f32x4_mul(bits, every_f32(0.25f));
  }
}

INLINE void plain_scales(const uint8_t *block, int sub, Plain *plain) {
  (void)sub;
  plain->d = __builtin_bit_cast(float, (uint32_t)(block[0] + 1) << 23) * 0.25f;
}

INLINE void plain_weights(const uint8_t *block, int sub, int16_t *q) {
  (void)sub;
  for (int i = 0; i < 16; i++) {
    q[i] = block[1 + i] & 15;
    q[16 + i] = block[1 + i] >> 4;
  }
}

#include "types/blocks.h"
