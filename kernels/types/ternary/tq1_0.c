/* SPDX-License-Identifier: Apache-2.0 */
/* TQ1_0: 48 bytes of five weights each and 4 bytes of four, digits to the base of three, d (f16); w = d (q - 1). */
#include "ternary.h"
#define TYPE tq1_0
#define BLOCK_BYTES 54
#define SUB_BLOCKS 8
#define WEIGHT_BITS 2
#define TERNARY
#define HAS_MINIMUM 0
#define OFFSET 1
#define SCALE_BYTES 2
static const Field FIELDS[] = {{52, 2, 1, BINARY16}};

typedef struct {
  v128_t d[2];
} Scales;

INLINE void load_scales(const uint8_t *block, int sub, Scales *scales) {
  (void)sub;
  for (int half = 0; half < 2; half++) scales->d[half] = f16x4_to_f32x4(block + 8 * half);
}

INLINE void plain_scales(const uint8_t *block, int sub, Plain *plain) {
  (void)sub;
  plain->d = load_f16(block + 52);
}

/* 32 bytes hold the sub-blocks 0..4, a digit each; 16 bytes the next five half sub-blocks; 4 bytes the last sixteen columns. */
INLINE void plain_weights(const uint8_t *block, int sub, int16_t *q) {
  for (int i = 0; i < 32; i++) {
    const int half = 2 * sub + i / 16 - 10; /* of those after the first 160 columns */
    if (half < 0) q[i] = (int16_t)ternary_digit(block[i], sub);
    else if (half < 5) q[i] = (int16_t)ternary_digit(block[32 + i % 16], half);
    else q[i] = (int16_t)ternary_digit(block[48 + i % 4], i % 16 / 4);
  }
}

#include "types/blocks.h"
