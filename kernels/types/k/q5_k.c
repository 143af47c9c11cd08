/* SPDX-License-Identifier: Apache-2.0 */
/* Q5_K: d, dmin (f16), 12 bytes of 6-bit scales and minima, 32 bytes of fifth bits, 128 bytes of nibbles;
 * w = d scale q - dmin minimum. */
#include "k_scales.h"
#define TYPE q5_k
#define BLOCK_BYTES 176
#define SUB_BLOCKS 8
#define WEIGHT_BITS 5
#define HAS_MINIMUM 1
#define OFFSET 0
#define SCALE_BYTES 16
static const Field FIELDS[] = {{0, 2, 1, BINARY16}, {2, 2, 1, BINARY16}, {4, 1, 12, INTEGER}};

#define load_scales load_k_scales
#define plain_scales plain_k_scales

INLINE void plain_weights(const uint8_t *block, int sub, int16_t *q) {
  const uint8_t *high = block + 16, *nibbles = block + 48 + 32 * (sub / 2);
  for (int i = 0; i < 32; i++) q[i] = (int16_t)((nibbles[i] >> 4 * (sub % 2) & 15) | (high[i] >> sub & 1) << 4);
}

#include "types/blocks.h"
