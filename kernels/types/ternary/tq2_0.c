/* SPDX-License-Identifier: Apache-2.0 */
/* TQ2_0: 64 bytes of 2-bit weights, d (f16); w = d (q - 1). */
#include "types/interleave.h"
#define TYPE tq2_0
#define BLOCK_BYTES 66
#define SUB_BLOCKS 8
#define WEIGHT_BITS 2
#define HAS_MINIMUM 0
#define OFFSET 1
#define SCALE_BYTES 2
static const Field FIELDS[] = {{64, 2, 1, BINARY16}};

typedef struct {
  v128_t d[2];
} Scales;

INLINE void load_scales(const uint8_t *block, int sub, Scales *scales) {
  (void)sub;
  for (int half = 0; half < 2; half++) scales->d[half] = f16x4_to_f32x4(block + 8 * half);
}

INLINE void plain_scales(const uint8_t *block, int sub, Plain *plain) {
  (void)sub;
  plain->d = load_f16(block + 64);
}

INLINE void plain_weights(const uint8_t *block, int sub, int16_t *q) {
  const uint8_t *pairs = block + 32 * (sub / 4);
  for (int i = 0; i < 32; i++) q[i] = pairs[i] >> 2 * (sub % 4) & 3;
}

#include "types/blocks.h"
