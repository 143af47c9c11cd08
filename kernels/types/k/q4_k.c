/* SPDX-License-Identifier: Apache-2.0 */
/* Q4_K: d, dmin (f16), 12 bytes of 6-bit scales and minima, 128 bytes of nibbles; w = d scale q - dmin minimum. */
#include "k_scales.h"
#define TYPE q4_k
#define BLOCK_BYTES 144
#define SUB_BLOCKS 8
#define WEIGHT_BITS 4
#define HAS_MINIMUM 1
#define OFFSET 0
#define SCALE_BYTES 16
static const Field FIELDS[] = {{0, 2, 1, BINARY16}, {2, 2, 1, BINARY16}, {4, 1, 12, INTEGER}};

#define load_scales load_k_scales
#define plain_scales plain_k_scales

INLINE void plain_weights(const uint8_t *block, int sub, int16_t *q) {
  const uint8_t *nibbles = block + 16 + 32 * (sub / 2);
  for (int i = 0; i < 32; i++) q[i] = nibbles[i] >> 4 * (sub % 2) & 15;
}

#include "types/blocks.h"
