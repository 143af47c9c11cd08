/* SPDX-License-Identifier: Apache-2.0 */
/* Q6_K: 128 bytes of low nibbles, 64 of two high bits, 16 signed scales (one for sixteen columns), d (f16);
 * w = d scale (q - 32). */
#include "types/interleave.h"
#define TYPE q6_k
#define BLOCK_BYTES 210
#define SUB_BLOCKS 8
#define WEIGHT_BITS 6
#define SPLIT_SCALES 1
#define HAS_MINIMUM 0
#define OFFSET 32
#define SCALE_BYTES 18
#define TOUCHED 1 /* 1.3 to 2 times as fast */
static const Field FIELDS[] = {{208, 2, 1, BINARY16}, {192, 2, 8, INTEGER}}; /* the scales in pairs: a sub-block's two */

typedef struct {
  v128_t d[2];
  v128_t pairs[2]; /* 16-bit (first sixteen's scale, second sixteen's) of four rows */
} Scales;

INLINE void load_scales(const uint8_t *block, int sub, Scales *scales) {
  for (int half = 0; half < 2; half++) {
    scales->d[half] = f16x4_to_f32x4(block + 8 * half);
    scales->pairs[half] = wasm_i16x8_load8x8(block + 16 + 16 * sub + 8 * half);
  }
}

INLINE void plain_scales(const uint8_t *block, int sub, Plain *plain) {
  plain->d = load_f16(block + 208);
  plain->scale[0] = (int8_t)block[192 + 2 * sub];
  plain->scale[1] = (int8_t)block[192 + 2 * sub + 1];
}

/* Sub-block 4 h + 2 p + s (h, p, s in 0..1): nibble p of the bytes 64 h + 32 s .., bits 4 p + 2 s of high byte 32 h ... */
INLINE void plain_weights(const uint8_t *block, int sub, int16_t *q) {
  const int half = sub / 4, quarter = sub % 4;
  const uint8_t *low = block + 64 * half + 32 * (quarter % 2);
  const uint8_t *high = block + 128 + 32 * half;
  for (int i = 0; i < 32; i++) q[i] = (int16_t)((low[i] >> 4 * (quarter / 2) & 15) | (high[i] >> 2 * quarter & 3) << 4);
}

#include "types/blocks.h"
