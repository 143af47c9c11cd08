/* SPDX-License-Identifier: Apache-2.0 */
/* Q4_0: d (f16), 16 bytes of nibbles; w = d (q - 8). */
#include "types/interleave.h"
#define TYPE q4_0
#define BLOCK_BYTES 18
#define SUB_BLOCKS 1
#define WEIGHT_BITS 4
#define HAS_MINIMUM 0
#define OFFSET 8
#define SCALE_BYTES 2
static const Field FIELDS[] = {{0, 2, 1, BINARY16}};

typedef struct {
  v128_t d[2];
} Scales;

INLINE void load_scales(const uint8_t *block, int sub, Scales *scales) {
  (void)sub;
  for (int half = 0; half < 2; half++) scales->d[half] = f16x4_to_f32x4(block + 8 * half);
}

INLINE void plain_scales(const uint8_t *block, int sub, Plain *plain) {
  (void)sub;
  plain->d = load_f16(block);
}

INLINE void plain_weights(const uint8_t *block, int sub, int16_t *q) {
  (void)sub;
  for (int i = 0; i < 16; i++) {
    q[i] = block[2 + i] & 15;
    q[16 + i] = block[2 + i] >> 4;
  }
}

#include "types/blocks.h"
