/* SPDX-License-Identifier: Apache-2.0 */
/* The instruction set of a traced forward pass (py/taleproof/graph/program.py writes it, program.c runs it).
 *
 * A program is a flat list of instructions of sixteen words. All addresses are fixed when it is traced; what changes
 * from step to step stands in a Step: how many tokens, at which position, which ones. An instruction whose `rows` is 0
 * works on as many rows as the step has tokens. Work is split over threads by output element, and no element's order of
 * operations depends on the split. */
#pragma once

#include "wasm.h"

typedef struct {
  uint32_t tokens;    /* how many tokens this step has */
  uint32_t position;  /* position of the first of them in the context */
  const uint32_t *ids;
  uint32_t encoded;   /* positions of the encoder's output, for cross-attention */
} Step;

typedef struct {
  uint16_t op;
  uint16_t waits; /* whether it needs what instructions since the last wait have made */
  uint32_t rows;
  uint32_t arguments[14];
} Instruction;

/* What an argument's word stands for. */
#define FLOATS(word) ((float *)(uintptr_t)(word))
#define BYTES(word) ((uint8_t *)(uintptr_t)(word))
#define AS_FLOAT(word) __builtin_bit_cast(float, word)

/* A share of n things for one thread: [begin, end), in multiples of grain. */
typedef struct {
  uint32_t index, count;
} Thread;

INLINE void share(Thread thread, uint32_t n, uint32_t grain, uint32_t *begin, uint32_t *end) {
  const uint32_t pieces = (n + grain - 1) / grain;
  const uint32_t first = (uint32_t)((uint64_t)pieces * thread.index / thread.count) * grain;
  const uint32_t last = (uint32_t)((uint64_t)pieces * (thread.index + 1) / thread.count) * grain;
  *begin = first < n ? first : n;
  *end = last < n ? last : n;
}

/* Activations quantised in blocks of 32: x is about scale * q. What the minimum or the offset of a weight's block must
 * be multiplied with is computed here once for all rows of the matrix. */
typedef struct {
  float scale;
  float scaled_sum;                  /* scale * sum(q) */
  int16_t low_sum, high_sum;         /* of the first and the second sixteen q */
  int32_t sum;
} ActivationBlock;

enum { ACTIVATION_BLOCK = 32 };

/* y[rows][n] = x[rows][k] . w[n][k]^T, the rows of w in [begin, end). Quantised kinds take the activations as q[rows][k]
 * (8 or 16 bits wide) and blocks[rows][k / 32]. */
typedef struct {
  float *y;
  const void *x;
  const ActivationBlock *blocks;
  const uint8_t *w;
  uint32_t rows, k, n, begin, end;
} Matmul;

/* Begins the function that runs an operation, in a file of its own, ops/name.c: its number, its name in capitals, and in
 * small letters. Numbers are those that no other operation has (ops.def). */
#define OPERATION(number, NAME, name) \
  void run_##name(const Instruction *instruction, uint32_t rows, const Step *step, Thread thread)

void run_instruction(const Instruction *instruction, const Step *step, Thread thread);
