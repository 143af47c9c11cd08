/* SPDX-License-Identifier: Apache-2.0 */
/* One instruction of a traced program: a thread's share of it. */
#include "include/program.h"
#include "attention/attention.h"
#include "ops/elementwise.h"
#include "ops/matmul.h"
#include "ops/quantise.h"
#include "ops/rope.h"

#define OP(number, NAME, call) OP_##NAME = number,
#define OP_TOO(number, NAME) OP_##NAME = number,
#define OP_FILE(number, NAME, name) OP_##NAME = number,
enum {
#include "ops.def"
};

/* Those in files of their own. */
#define OP(number, NAME, call)
#define OP_TOO(number, NAME)
#define OP_FILE(number, NAME, name) \
  void run_##name(const Instruction *instruction, uint32_t rows, const Step *step, Thread thread);
#include "ops.def"

/* embedding: y, w, type, n, k */
static void run_embedding(const uint32_t *a, uint32_t rows, const Step *step, Thread thread) {
  uint32_t begin, end;
  share(thread, rows, 1, &begin, &end);
  for (uint32_t t = begin; t < end; t++) get_row(a[2], BYTES(a[1]), step->ids[t], a[3], a[4], FLOATS(a[0]) + (size_t)t * a[4]);
}

/* position_embedding: y, w, type, n, k. A position that the table does not have is NaN, so that the run stops. */
static void run_position_embedding(const uint32_t *a, uint32_t rows, const Step *step, Thread thread) {
  uint32_t begin, end;
  share(thread, rows, 1, &begin, &end);
  for (uint32_t t = begin; t < end; t++) {
    float *y = FLOATS(a[0]) + (size_t)t * a[4];
    if (step->position + t < a[3]) get_row(a[2], BYTES(a[1]), step->position + t, a[3], a[4], y);
    else
      for (uint32_t i = 0; i < a[4]; i++) y[i] = __builtin_nanf("");
  }
}

/* table_rows: y, w, type, n, k, first */
static void run_table_rows(const uint32_t *a, uint32_t rows, Thread thread) {
  uint32_t begin, end;
  share(thread, rows, 1, &begin, &end);
  for (uint32_t i = begin; i < end; i++) get_row(a[2], BYTES(a[1]), a[5] + i, a[3], a[4], FLOATS(a[0]) + (size_t)i * a[4]);
}

/* rms_norm: y, x, weight, epsilon, n, groups of n columns in a row */
static void run_rms_norm(const uint32_t *a, uint32_t rows, Thread thread) {
  uint32_t begin, end;
  share(thread, rows * a[5], 1, &begin, &end);
  rms_norm(FLOATS(a[0]), FLOATS(a[1]), FLOATS(a[2]), AS_FLOAT(a[3]), a[4], begin, end);
}

/* layer_norm: y, x, weight, bias, epsilon, n */
static void run_layer_norm(const uint32_t *a, uint32_t rows, Thread thread) {
  uint32_t begin, end;
  share(thread, rows, 1, &begin, &end);
  layer_norm(FLOATS(a[0]), FLOATS(a[1]), FLOATS(a[2]), FLOATS(a[3]), AS_FLOAT(a[4]), a[5], begin, end);
}

/* unit: y, x, n */
static void run_unit(const uint32_t *a, uint32_t rows, Thread thread) {
  uint32_t begin, end;
  share(thread, rows, 1, &begin, &end);
  unit(FLOATS(a[0]), FLOATS(a[1]), a[2], begin, end);
}

/* quantise: q, blocks, x, k, is_int16 */
static void run_quantise(const uint32_t *a, uint32_t rows, Thread thread) {
  uint32_t begin, end;
  share(thread, rows * (a[3] / ACTIVATION_BLOCK), 1, &begin, &end);
  quantise_blocks(FLOATS(a[2]), BYTES(a[0]), (ActivationBlock *)BYTES(a[1]), (int)a[4], begin, end);
}

/* matmul: y, x, blocks, w, type, n, k */
static void run_matmul(const uint32_t *a, uint32_t rows, Thread thread) {
  Matmul m = {FLOATS(a[0]), BYTES(a[1]), (const ActivationBlock *)BYTES(a[2]), BYTES(a[3]), rows, a[6], a[5], 0, 0};
  share(thread, m.n, 8, &m.begin, &m.end);
  matmul(a[4], &m);
}

/* rope_angles: angles, frequencies, magnitude (f64), pairs */
static void run_rope_angles(const uint32_t *a, uint32_t rows, const Step *step, Thread thread) {
  uint32_t begin, end;
  share(thread, rows, 1, &begin, &end);
  const double magnitude = __builtin_bit_cast(double, (uint64_t)a[2] | (uint64_t)a[3] << 32);
  rope_angles(FLOATS(a[0]), (const double *)BYTES(a[1]), magnitude, a[4], step->position, begin, end);
}

/* rope: y, x, angles, neox_layout, heads, head_dim, rotated */
static void run_rope(const uint32_t *a, uint32_t rows, Thread thread) {
  uint32_t begin, end;
  share(thread, rows, 1, &begin, &end);
  rope(FLOATS(a[0]), FLOATS(a[1]), FLOATS(a[2]), (int)a[3], a[4], a[5], a[6], begin, end);
}

/* write_keys and write_values: cache, x, kv_heads, head_dim, context */
static void run_write_cache(const Instruction *i, uint32_t rows, const Step *step, Thread thread) {
  const uint32_t *a = i->arguments;
  const Cache cache = cache_at(a[0], a[2], a[3], a[4]);
  uint32_t begin, end;
  share(thread, rows, 1, &begin, &end);
  (i->op == OP_WRITE_KEYS ? write_keys : write_values)(&cache, FLOATS(a[1]), step->position, begin, end);
}

/* attention: y, scratch, x, keys, values, scratch bytes a thread, scale, heads, kv_heads, head_dim, context, spec, bias */
static void run_attention(const uint32_t *a, uint32_t rows, const Step *step, Thread thread) {
  const uint32_t kv_heads = a[8];
  const Attention attention = {
      FLOATS(a[0]), FLOATS(a[2]), cache_at(a[3], kv_heads, a[9], a[10]), cache_at(a[4], kv_heads, a[9], a[10]),
      BYTES(a[1]) + (size_t)thread.index * a[5], AS_FLOAT(a[6]), a[7], step->position,
      step->tokens, step->encoded, (const AttentionSpec *)BYTES(a[11]), FLOATS(a[12]),
  };
  uint32_t begin, end;
  share(thread, rows * attention.heads, 1, &begin, &end);
  attend(&attention, begin, end);
}

/* silu_gate and gelu_gate: y, gate, up, n and add: y, a, b, n */
static void run_elementwise(const Instruction *i, uint32_t rows, Thread thread) {
  const uint32_t *a = i->arguments;
  uint32_t begin, end;
  share(thread, rows * a[3], 4, &begin, &end);
  float *const y = FLOATS(a[0]), *const left = FLOATS(a[1]), *const right = FLOATS(a[2]);
  switch (i->op) {
    case OP_SILU_GATE: silu_gate(y, left, right, begin, end); break;
    case OP_GELU_GATE: gelu_gate(y, left, right, begin, end); break;
    default: add(y, left, right, begin, end);
  }
}

/* gelu, gelu_erf, relu, softcap and scale: y, x, parameter, n */
static void run_map(const Instruction *i, uint32_t rows, Thread thread) {
  const uint32_t *a = i->arguments;
  uint32_t begin, end;
  share(thread, rows * a[3], 4, &begin, &end);
  float *const y = FLOATS(a[0]), *const x = FLOATS(a[1]), parameter = AS_FLOAT(a[2]);
  switch (i->op) {
    case OP_GELU: gelu(y, x, parameter, begin, end); break;
    case OP_GELU_ERF: gelu_erf(y, x, parameter, begin, end); break;
    case OP_RELU: relu(y, x, parameter, begin, end); break;
    case OP_SOFTCAP: softcap(y, x, parameter, begin, end); break;
    default: scale(y, x, parameter, begin, end);
  }
}

/* add_row: y, x, row, n */
static void run_add_row(const uint32_t *a, uint32_t rows, Thread thread) {
  uint32_t begin, end;
  share(thread, rows, 1, &begin, &end);
  add_row(FLOATS(a[0]), FLOATS(a[1]), FLOATS(a[2]), a[3], begin, end);
}

/* first_row and last_row: y, x, n */
static void run_one_row(const uint32_t *a, uint32_t row, Thread thread) {
  if (thread.index == 0) __builtin_memcpy(FLOATS(a[0]), FLOATS(a[1]) + (size_t)row * a[2], a[2] * sizeof(float));
}

/* mean_rows: y, x, n */
static void run_mean_rows(const uint32_t *a, const Step *step, Thread thread) {
  uint32_t begin, end;
  share(thread, a[2], 4, &begin, &end);
  mean_rows(FLOATS(a[0]), FLOATS(a[1]), step->tokens, a[2], begin, end);
}

void run_instruction(const Instruction *i, const Step *step, Thread thread) {
  const uint32_t *a = i->arguments;
  const uint32_t rows = i->rows ? i->rows : step->tokens;
  switch (i->op) {
#define OP(number, NAME, call) \
  case OP_##NAME: call; break;
#define OP_TOO(number, NAME) case OP_##NAME:
#define OP_FILE(number, NAME, name) \
  case OP_##NAME: run_##name(i, rows, step, thread); break;
#include "ops.def"
  }
}
