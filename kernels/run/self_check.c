/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this machine computes as it should, asked before anything is written: fixed inputs go through every kind of kernel,
 * and all results together make one number, which is part of the numerics version. It takes a few milliseconds at most.
 *
 * The inputs are pseudorandom bytes, all bits of a block among them, and activations at their limits; what they make is
 * finite, because a NaN's bits are nobody's promise. */
#include "attention/attention.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/quantise.h"
#include "ops/rope.h"
#include "sample/sample.h"

/* What the results of numerics version 1 make. */
#define RIGHT 0x8277fc7eeab88c28ull

enum {
  ROWS = 11, /* a group of eight that is interleaved, and three rows after it */
  COLUMNS = 256,
  TOKENS = 5, /* a tile of four, and one more */
  CONTEXT = 64,
  POSITIONS = 40, /* more than one block of keys */
  HEADS = 4, /* more than are taken at once */
  HEAD_DIM = 16,
};

typedef struct {
  uint64_t hash;
  uint8_t weights[ROWS * COLUMNS * sizeof(float)], scratch[8 * COLUMNS * sizeof(float)];
  float x[TOKENS * COLUMNS], y[TOKENS * COLUMNS];
  int16_t q[TOKENS * COLUMNS];
  ActivationBlock blocks[TOKENS * COLUMNS / ACTIVATION_BLOCK];
  int16_t keys[CONTEXT * (HEAD_DIM + 2)], values[CONTEXT * (HEAD_DIM + 2)];
} Buffers;

/* One block type of each kind of arithmetic: GGUF's number, bytes of a row, whether activations have 16 bits. More
 * types would cost tens of milliseconds, because a browser compiles a kernel when it is first called. */
static const struct {
  uint16_t type, row_bytes;
  int is_int16;
} KINDS[] = {
    {0, 1024, 0}, /* F32: products of floats */
    {3, 160, 0},  /* Q4_1: the integer dot product, and a minimum */
    {8, 272, 1},  /* Q8_0: weights of 8 bits, activations of 16 */
    {14, 210, 0}, /* Q6_K: sums in more than one part, scales of 8 bits */
};

/* The generator of Numerical Recipes (Press et al. 2007, section 7.1.7); its high bits are the good ones. */
static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

/* FNV-1a, a hash of Fowler, Noll and Vo. */
static void take_results(Buffers *buffers, uint32_t count) {
  const uint8_t *bytes = (const uint8_t *)buffers->y;
  for (size_t i = 0; i < count * sizeof(float); i++) buffers->hash = (buffers->hash ^ bytes[i]) * 0x100000001b3ull;
}

/* Token 0 is at its lower limit throughout; the others have blocks of very different size, one of them zero. */
static void make_inputs(float *x, uint32_t *state) {
  for (uint32_t i = 0; i < TOKENS * COLUMNS; i++) {
    const float size = (float)(i / ACTIVATION_BLOCK * 37 % 19) * 0.25f;
    x[i] = i < COLUMNS ? -1.0f : ((float)next_random(state) * 0x1p-23f - 1.0f) * size;
  }
}

static void check_matmuls(Buffers *buffers, uint32_t *state) {
  for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
    for (uint32_t at = 0; at < (uint32_t)KINDS[i].row_bytes * ROWS; at++) {
      buffers->weights[at] = (uint8_t)(next_random(state) >> 8);
      if (KINDS[i].type == 0 && at % 4 == 3) buffers->weights[at] &= 0xbf; /* an exponent that is not too large */
    }
    const int floats = KINDS[i].type == 0;
    quantise_blocks(buffers->x, buffers->q, buffers->blocks, KINDS[i].is_int16, 0, TOKENS * COLUMNS / ACTIVATION_BLOCK);
    interleave(KINDS[i].type, buffers->weights, buffers->scratch, ROWS, COLUMNS);
    Matmul m = {buffers->y, floats ? (const void *)buffers->x : buffers->q, buffers->blocks, buffers->weights, TOKENS, COLUMNS, ROWS, 0, ROWS};
    matmul(KINDS[i].type, &m);
    take_results(buffers, TOKENS * ROWS);
    m.rows = 1;
    matmul(KINDS[i].type, &m);
    take_results(buffers, ROWS);
  }
}

static void check_attention(Buffers *buffers) {
  const Cache keys = cache_at((uint32_t)(uintptr_t)buffers->keys, 1, HEAD_DIM, CONTEXT);
  const Cache values = cache_at((uint32_t)(uintptr_t)buffers->values, 1, HEAD_DIM, CONTEXT);
  write_keys(&keys, buffers->x + COLUMNS, 0, 0, POSITIONS);
  write_values(&values, buffers->x + 2 * COLUMNS, 0, 0, POSITIONS);
  const Attention attention = {
      .y = buffers->y, .x = buffers->x + 3 * COLUMNS, .keys = keys, .values = values, .scratch = buffers->scratch,
      .scale = 0.25f, .heads = HEADS, .position = POSITIONS - 1,
  };
  attend(&attention, 0, HEADS);
  take_results(buffers, HEADS * HEAD_DIM);
}

/* A window that begins within a block of keys, and bent scores with biases over a whole step. */
static void check_attention_specs(Buffers *buffers) {
  static const AttentionSpec WINDOW = {.window = 20, .softcap = 3.0f, .kind = ATTENTION_CAUSAL};
  static const AttentionSpec STEP = {.kind = ATTENTION_BIDIRECTIONAL, .max_distance = 3, .bidirectional_offset = 4, .bucket = {0, 1, 2, 3}};
  const Cache keys = cache_at((uint32_t)(uintptr_t)buffers->keys, 1, HEAD_DIM, CONTEXT);
  const Cache values = cache_at((uint32_t)(uintptr_t)buffers->values, 1, HEAD_DIM, CONTEXT);
  Attention attention = {
      .y = buffers->y, .x = buffers->x + 3 * COLUMNS, .keys = keys, .values = values, .scratch = buffers->scratch,
      .scale = 0.25f, .heads = HEADS, .position = POSITIONS - 1, .spec = &WINDOW,
  };
  attend(&attention, 0, HEADS);
  take_results(buffers, HEADS * HEAD_DIM);
  attention.position = 0;
  attention.tokens = POSITIONS;
  attention.spec = &STEP;
  attention.bias = buffers->x + COLUMNS;
  attend(&attention, 0, TOKENS * HEADS);
  take_results(buffers, TOKENS * HEADS * HEAD_DIM);
}

static void check_floats(Buffers *buffers) {
  static const double FREQUENCIES[HEAD_DIM / 2] = {1.0, 0.5, 0.25, 0.1, 0.05, 0.01, 0.001, 0.0001};
  float *const angles = (float *)buffers->scratch;
  rope_angles(angles, FREQUENCIES, 1.0, HEAD_DIM / 2, 1000, 0, TOKENS);
  for (int neox_layout = 0; neox_layout < 2; neox_layout++) {
    rope(buffers->y, buffers->x, angles, neox_layout, COLUMNS / HEAD_DIM, HEAD_DIM, HEAD_DIM, 0, TOKENS);
    take_results(buffers, TOKENS * COLUMNS);
  }
  rms_norm(buffers->y, buffers->x, buffers->x + COLUMNS, 1e-5f, COLUMNS, 0, TOKENS);
  take_results(buffers, TOKENS * COLUMNS);
  silu_gate(buffers->y, buffers->x, buffers->x + COLUMNS, 0, (TOKENS - 1) * COLUMNS);
  add(buffers->y, buffers->y, buffers->x, 0, TOKENS * COLUMNS);
  probabilities(buffers->y, TOKENS * COLUMNS - 1, 1.0f, buffers->y);
  take_results(buffers, TOKENS * COLUMNS);
}

static void check_family_floats(Buffers *buffers) {
  const uint32_t n = TOKENS * COLUMNS;
  layer_norm(buffers->y, buffers->x, buffers->x + COLUMNS, buffers->x + 2 * COLUMNS, 1e-5f, COLUMNS, 1, TOKENS);
  unit(buffers->y, buffers->x, COLUMNS, 0, 1);
  take_results(buffers, n);
  gelu(buffers->y, buffers->x, 0.0f, 0, COLUMNS);
  gelu_erf(buffers->y, buffers->x, 0.0f, COLUMNS, 2 * COLUMNS);
  softcap(buffers->y, buffers->x, 2.0f, 2 * COLUMNS, 3 * COLUMNS);
  scale(buffers->y, buffers->x, 0.3f, 3 * COLUMNS, 4 * COLUMNS);
  relu(buffers->y, buffers->x, 0.0f, 4 * COLUMNS, n);
  take_results(buffers, n);
  gelu_gate(buffers->y, buffers->x, buffers->x + COLUMNS, 0, n - COLUMNS);
  add_row(buffers->y, buffers->x, buffers->x + COLUMNS, COLUMNS, TOKENS - 1, TOKENS);
  mean_rows(buffers->y, buffers->y, TOKENS, COLUMNS, 0, COLUMNS);
  take_results(buffers, n);
}

EXPORT(self_check_bytes) uint32_t self_check_bytes(void) { return sizeof(Buffers); }

/* Whether the results, computed in self_check_bytes of memory, are what they should be. What they make stands at its start. */
EXPORT(self_check) int self_check(Buffers *buffers) {
  uint32_t state = 1;
  buffers->hash = 0xcbf29ce484222325ull;
  make_inputs(buffers->x, &state);
  check_matmuls(buffers, &state);
  check_attention(buffers);
  check_attention_specs(buffers);
  check_floats(buffers);
  check_family_floats(buffers);
  return buffers->hash == RIGHT;
}
