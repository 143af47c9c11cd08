/* SPDX-License-Identifier: Apache-2.0 */
/* All that is done with one block type, written once: the fast matmul over the interleaved layout, its slow twin over the
 * file's, the way from one layout to the other, and the look-up of a row. The file that includes this has defined
 *
 *   TYPE          the type's name
 *   BLOCK_BYTES   bytes of a block in the file
 *   SUB_BLOCKS    sub-blocks of 32 columns in a block (1 or 8)
 *   WEIGHT_BITS   2, 3, 4, 5, 6 or 8
 *   HAS_MINIMUM   whether w has a term m
 *   OFFSET        what is taken off q
 *   FIELDS        the fields of the block's head, in the order of the interleaved layout
 *   SCALE_BYTES   their bytes in one block
 *   plain_scales(block, sub, plain)    d, m, scale and minimum of one row, from the file's layout
 *   plain_weights(block, sub, q)       q of one row, from the file's layout
 *   Scales, load_scales(block, sub, scales)   the same for eight rows, in vectors, from the interleaved layout: d[2] for
 *                                      rows 0..3 and 4..7, m[2] with HAS_MINIMUM, and with SPLIT_SCALES pairs[2] and, if
 *                                      there is a minimum, minimums[2]: 16-bit (first sixteen's, second sixteen's)
 *
 * and, where it differs from what most types have,
 *
 *   SPLIT_SCALES  whether each sixteen columns have an integer scale of their own
 *   TERNARY       that q is in 0..2 and packed as ternary.h does
 *   TABLE         sixteen values that the weights' bits stand for
 *   LARGEST       the largest q (or value of the table)
 *   WIDE          whether q is signed, of 8 bits, and is multiplied with activations of 16
 *   TOUCHED       whether a block is touched from its beginning to its end before it is used, where there is one token
 *
 * Each output is a sum over sub-blocks from left to right: the integer dot product times (d times the activations'
 * scale), then the minimum's term. No tiling and no number of threads changes that order. */
#include "include/program.h"

#ifndef SPLIT_SCALES
#define SPLIT_SCALES 0
#endif
#ifndef LARGEST
#define LARGEST ((1 << WEIGHT_BITS) - 1)
#endif
#ifndef WIDE
#define WIDE 0
#endif
#ifndef TOUCHED
#define TOUCHED 0
#endif

#include "sub_block.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)

enum { GROUP_BLOCK_BYTES = BLOCK_BYTES * GROUP_ROWS };

/* The floating-point step: one sub-block's contribution to four outputs. */
INLINE v128_t accumulate(v128_t acc, v128_t dot, const Scales *scales, int half, const ActivationBlock *a) {
#if SPLIT_SCALES
  const v128_t a_sums = wasm_v128_load32_splat(&a->low_sum);
#endif
#if SPLIT_SCALES && OFFSET
  const v128_t offsets = wasm_i32x4_dot_i16x8(scales->pairs[half], a_sums);
  dot = wasm_i32x4_sub(dot, wasm_i32x4_mul(offsets, every_i32(OFFSET)));
#elif OFFSET
  dot = wasm_i32x4_sub(dot, wasm_i32x4_splat(OFFSET * a->sum));
#endif
  const v128_t scale = splat_load_f32(&a->scale);
  acc = wasm_f32x4_add(acc, wasm_f32x4_mul(wasm_f32x4_convert_i32x4(dot), wasm_f32x4_mul(scales->d[half], scale)));
#if SPLIT_SCALES && HAS_MINIMUM
  const v128_t minimum = wasm_f32x4_convert_i32x4(wasm_i32x4_dot_i16x8(scales->minimums[half], a_sums));
  acc = wasm_f32x4_add(acc, wasm_f32x4_mul(minimum, wasm_f32x4_mul(scales->m[half], scale)));
#elif HAS_MINIMUM
  acc = wasm_f32x4_add(acc, wasm_f32x4_mul(scales->m[half], splat_load_f32(&a->scaled_sum)));
#endif
  return acc;
}

/* One sub-block of eight rows of weights against `tokens` rows of activations, whose blocks stand `stride` apart. */
INLINE void add_sub_block(const uint8_t *block, int sub, const Activation *q, const ActivationBlock *activations,
                          uint32_t stride, const int tokens, v128_t acc[4][2]) {
  Scales scales;
  v128_t dot[4][2];
  load_scales(block, sub, &scales);
  dot_sub_block(block, sub, &scales, q, stride * SUB_BLOCK, tokens, dot);
  UNROLL for (int t = 0; t < tokens; t++)
    for (int half = 0; half < 2; half++)
      acc[t][half] = accumulate(acc[t][half], dot[t][half], &scales, half, activations + (size_t)t * stride);
}

/* Loads something of each cache line of a block of eight rows, so that the processor sees addresses that only rise, and fetches
 * what comes next. A block's parts are used in turns, which some processors don't see through if the block is large. */
INLINE void touch_block(const uint8_t *block) {
  UNROLL for (int line = 0; line < GROUP_BLOCK_BYTES; line += 64) (void)*(const volatile uint8_t *)(block + line);
}

/* Eight rows of weights against `tokens` rows of activations -> y[tokens][8]. */
INLINE void tile(const Matmul *m, uint32_t row, uint32_t token, const int tokens) {
  const uint32_t stride = m->k / SUB_BLOCK;
  const uint8_t *block = m->w + (size_t)row * (stride / SUB_BLOCKS) * BLOCK_BYTES;
  const Activation *q = (const Activation *)m->x + (size_t)token * m->k;
  const ActivationBlock *a = m->blocks + (size_t)token * stride, *end = a + stride;
  v128_t acc[4][2];
  for (int t = 0; t < tokens; t++) acc[t][0] = acc[t][1] = wasm_f32x4_const_splat(0.0f);
#if SUB_BLOCKS == 1
  _Pragma("clang loop unroll_count(2)")
#endif
  for (; a < end; a += SUB_BLOCKS, q += SUB_BLOCKS * SUB_BLOCK, block += GROUP_BLOCK_BYTES) {
    if (TOUCHED && tokens == 1) touch_block(block);
    if (tokens == 1) { /* Known numbers of sub-blocks save a tenth to a third; with four tokens there is less to save. */
      UNROLL for (int sub = 0; sub < SUB_BLOCKS; sub++) add_sub_block(block, sub, q + SUB_BLOCK * sub, a + sub, stride, 1, acc);
    } else {
      for (int sub = 0; sub < SUB_BLOCKS; sub++) add_sub_block(block, sub, q + SUB_BLOCK * sub, a + sub, stride, tokens, acc);
    }
  }
  float *y = m->y + (size_t)token * m->n + row;
  for (int t = 0; t < tokens; t++)
    for (int half = 0; half < 2; half++) store(y + (size_t)t * m->n + 4 * half, acc[t][half]);
}

INLINE void plain_head(const uint8_t *block, int sub, Plain *plain) {
  plain->scale[0] = plain->scale[1] = 1;
  plain->minimum[0] = plain->minimum[1] = 1;
  plain->m = 0.0f;
  plain_scales(block, sub, plain);
}

INLINE void plain_sub_block(const uint8_t *block, int sub, Plain *plain) {
  plain_head(block, sub, plain);
  plain_weights(block, sub, plain->q);
}

/* One output from a row in the file's layout: the twin of `tile`, and what computes the rows after the last group. */
static float plain_dot(const uint8_t *row, const Activation *q, const ActivationBlock *activations, uint32_t k) {
  float acc = 0.0f;
  for (uint32_t s = 0; s < k / SUB_BLOCK; s++) {
    const ActivationBlock *a = activations + s;
    Plain w;
    plain_sub_block(row + (size_t)(s / SUB_BLOCKS) * BLOCK_BYTES, (int)(s % SUB_BLOCKS), &w);
    int32_t dot = 0;
    for (int c = 0; c < SUB_BLOCK; c++)
      dot += (VALUE(w.q[c]) - OFFSET) * w.scale[c / 16] * q[s * SUB_BLOCK + activation_at(c, WIDE)];
    const float factor = w.d * a->scale;
    acc = acc + (float)dot * factor;
    if (HAS_MINIMUM && SPLIT_SCALES) {
      const float minimum = (float)(w.minimum[0] * a->low_sum + w.minimum[1] * a->high_sum);
      acc = acc + minimum * (w.m * a->scale);
    } else if (HAS_MINIMUM) {
      acc = acc + w.m * a->scaled_sum;
    }
  }
  return acc;
}

/* Outputs [begin, end) by the plain twin; begin is where the file's layout starts (0 before interleaving). */
void JOIN(matmul_plain, TYPE)(const Matmul *m) {
  const uint32_t sub_blocks = m->k / SUB_BLOCK;
  const size_t row_bytes = (size_t)(sub_blocks / SUB_BLOCKS) * BLOCK_BYTES;
  for (uint32_t t = 0; t < m->rows; t++)
    for (uint32_t row = m->begin; row < m->end; row++)
      m->y[(size_t)t * m->n + row] = plain_dot(m->w + row * row_bytes, (const Activation *)m->x + (size_t)t * m->k,
                                               m->blocks + (size_t)t * sub_blocks, m->k);
}

void JOIN(matmul, TYPE)(const Matmul *m) {
  const uint32_t groups_end = m->n / GROUP_ROWS * GROUP_ROWS;
  const uint32_t end = m->end < groups_end ? m->end : groups_end;
  for (uint32_t row = m->begin; row < end; row += GROUP_ROWS) {
    uint32_t t = 0;
    for (; t + 4 <= m->rows; t += 4) tile(m, row, t, 4);
    for (; t < m->rows; t++) tile(m, row, t, 1);
  }
  if (m->end > groups_end) {
    Matmul rest = *m;
    rest.begin = m->begin > groups_end ? m->begin : groups_end;
    JOIN(matmul_plain, TYPE)(&rest);
  }
}

/* Whether the weights that a field of a block's head belongs to can be infinite or not a number. An exponent of 253 or
 * more makes the largest weight of a block infinite, or is E8M0's NaN. */
INLINE int is_field_finite(const uint8_t *block, const Field *field) {
  if (field->kind == BINARY16) return (load_u16(block + field->offset) & 0x7c00) != 0x7c00;
  return field->kind != E8M0 || block[field->offset] < 253;
}

/* Whether all weights of `blocks` blocks in the file's layout are finite. */
int JOIN(is_finite, TYPE)(const uint8_t *w, size_t blocks) {
  for (const uint8_t *block = w; block < w + blocks * BLOCK_BYTES; block += BLOCK_BYTES)
    for (size_t f = 0; f < sizeof(FIELDS) / sizeof(Field); f++)
      if (!is_field_finite(block, FIELDS + f)) return 0;
  return 1;
}

/* Rows [0, 8 * groups) of w, in place; scratch holds eight rows. */
void JOIN(interleave, TYPE)(uint8_t *w, uint8_t *scratch, uint32_t groups, uint32_t k) {
  const uint32_t blocks = k / SUB_BLOCK / SUB_BLOCKS;
  const size_t row_bytes = (size_t)blocks * BLOCK_BYTES;
  for (uint32_t g = 0; g < groups; g++) {
    uint8_t *group = w + (size_t)g * GROUP_ROWS * row_bytes;
    __builtin_memcpy(scratch, group, GROUP_ROWS * row_bytes);
    __builtin_memset(group, 0, GROUP_ROWS * row_bytes);
    for (uint32_t b = 0; b < blocks; b++) {
      uint8_t *out = group + (size_t)b * GROUP_BLOCK_BYTES;
      for (int row = 0; row < GROUP_ROWS; row++) {
        const uint8_t *block = scratch + row * row_bytes + (size_t)b * BLOCK_BYTES;
        uint8_t *to = out;
        for (size_t f = 0; f < sizeof(FIELDS) / sizeof(Field); f++)
          for (int e = 0; e < FIELDS[f].count; e++, to += GROUP_ROWS * FIELDS[f].width)
            for (int i = 0; i < FIELDS[f].width; i++)
              to[row * FIELDS[f].width + i] = block[FIELDS[f].offset + e * FIELDS[f].width + i];
        for (int sub = 0; sub < SUB_BLOCKS; sub++) {
          int16_t q[SUB_BLOCK];
          plain_weights(block, sub, q);
          UNROLL for (int c = 0; c < SUB_BLOCK; c++) put_weight(out, sub, row, c, q[c]);
        }
      }
    }
  }
}

/* Row `row` of an interleaved matrix of n rows as floats -> y[k]. */
void JOIN(get_row, TYPE)(const uint8_t *w, uint32_t row, uint32_t n, uint32_t k, float *y) {
  const size_t row_bytes = (size_t)(k / SUB_BLOCK / SUB_BLOCKS) * BLOCK_BYTES;
  const int interleaved = row < n / GROUP_ROWS * GROUP_ROWS;
  const int lane = (int)(row % GROUP_ROWS);
  for (uint32_t s = 0; s < k / SUB_BLOCK; s++, y += SUB_BLOCK) {
    const size_t b = s / SUB_BLOCKS;
    const int sub = (int)(s % SUB_BLOCKS);
    Plain plain;
    if (interleaved) {
      const uint8_t *in = w + (row - lane) * row_bytes + b * GROUP_BLOCK_BYTES;
      uint8_t head[BLOCK_BYTES];
      const uint8_t *from = in;
      for (size_t f = 0; f < sizeof(FIELDS) / sizeof(Field); f++)
        for (int e = 0; e < FIELDS[f].count; e++, from += GROUP_ROWS * FIELDS[f].width)
          for (int i = 0; i < FIELDS[f].width; i++)
            head[FIELDS[f].offset + e * FIELDS[f].width + i] = from[lane * FIELDS[f].width + i];
      plain_head(head, sub, &plain);
      for (int c = 0; c < SUB_BLOCK; c++) plain.q[c] = (int16_t)get_weight(in, sub, lane, c);
    } else {
      plain_sub_block(w + row * row_bytes + b * BLOCK_BYTES, sub, &plain);
    }
    for (int c = 0; c < SUB_BLOCK; c++) {
      const float value = (plain.d * (float)plain.scale[c / 16]) * (float)(VALUE(plain.q[c]) - OFFSET);
      y[c] = HAS_MINIMUM ? value + plain.m * (float)plain.minimum[c / 16] : value;
    }
  }
}
