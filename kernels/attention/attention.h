/* SPDX-License-Identifier: Apache-2.0 */
/* The KV cache and attention over it. See attention.c for what is computed, and in which order. */
#pragma once

#include "include/program.h"

enum {
  KEY_LIMIT = 16383,  /* keys and values are kept in 15 bits */
  QUERY_LIMIT = 2047, /* queries and weights are multiplied in 12 bits */
  MAX_WIDTH = 256,
  KEY_BLOCK = 32,     /* keys whose weights share a scale; the context's length is a multiple of it */
};

/* One layer's keys or values, for every position of the context, in the order in which they are read. Keys, pairs of columns
 * side by side: q[kv_heads][context / 8][width / 2][8][2]. Values, pairs of positions side by side:
 * q[kv_heads][context / 32][width / 8][16][8][2]. After them the scales, scale[kv_heads][context]. The width is head_dim
 * rounded up to eight; what is beyond head_dim is zero. */
typedef struct {
  int16_t *q;
  float *scales;
  uint32_t kv_heads, head_dim, context, width;
} Cache;

Cache cache_at(uint32_t offset, uint32_t kv_heads, uint32_t head_dim, uint32_t context);

void write_keys(const Cache *cache, const float *x, uint32_t position, uint32_t begin, uint32_t end);
void write_values(const Cache *cache, const float *x, uint32_t position, uint32_t begin, uint32_t end);

enum { ATTENTION_CAUSAL, ATTENTION_BIDIRECTIONAL, ATTENTION_CROSS };

/* What is not plain causal attention (py/taleproof/graph/attention_spec.py writes it). */
typedef struct {
  uint32_t window;  /* positions that a token sees, its own and those before; 0 for all */
  float softcap;    /* 0 for none */
  uint32_t kind;
  uint32_t max_distance;
  uint32_t bidirectional_offset;  /* the first bucket of keys after the query; 0 where all are before */
  uint32_t bucket[]; /* of each distance from 0 to max_distance, if there are biases */
} AttentionSpec;

typedef struct {
  float *y;         /* [tokens][heads][head_dim] */
  const float *x;   /* queries, the same shape */
  Cache keys, values;
  uint8_t *scratch; /* of this thread, attention_scratch bytes (graph/trace.py computes the same) */
  float scale;
  uint32_t heads, position;
  uint32_t tokens, encoded;   /* of the step */
  const AttentionSpec *spec; /* NULL for plain causal attention */
  const float *bias;         /* [buckets][heads], or NULL */
} Attention;

/* Outputs [begin, end) of all, counted token by token, head by head. */
void attend(const Attention *a, uint32_t begin, uint32_t end);
