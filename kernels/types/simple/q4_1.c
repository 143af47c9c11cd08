/* SPDX-License-Identifier: Apache-2.0 */
/* Q4_1: d, m (f16), 16 bytes of nibbles; w = d q + m. */
#include "types/interleave.h"
#define TYPE q4_1
#define BLOCK_BYTES 20
#define SUB_BLOCKS 1
#define WEIGHT_BITS 4
#define HAS_MINIMUM 1
#define OFFSET 0
#define SCALE_BYTES 4
static const Field FIELDS[] = {{0, 2, 1, BINARY16}, {2, 2, 1, BINARY16}};

typedef struct {
  v128_t d[2], m[2];
} Scales;

INLINE void load_scales(const uint8_t *block, int sub, Scales *scales) {
  (void)sub;
  for (int half = 0; half < 2; half++) {
    scales->d[half] = f16x4_to_f32x4(block + 8 * half);
    scales->m[half] = f16x4_to_f32x4(block + 16 + 8 * half);
  }
}

INLINE void plain_scales(const uint8_t *block, int sub, Plain *plain) {
  (void)sub;
  plain->d = load_f16(block);
  plain->m = load_f16(block + 2);
}

INLINE void plain_weights(const uint8_t *block, int sub, int16_t *q) {
  (void)sub;
  for (int i = 0; i < 16; i++) {
    q[i] = block[4 + i] & 15;
    q[16 + i] = block[4 + i] >> 4;
  }
}

#include "types/blocks.h"
