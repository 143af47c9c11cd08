#pragma once

#include "program.h"

typedef struct {
  float *y;              /* [tokens][heads][head_dim] */
  const float *q;        /* [tokens][heads][head_dim] */
  const float *keys;     /* [kv_heads][context][head_dim] */
  const float *values;   /* [kv_heads][context][head_dim] */
  float *scores;         /* scratch of this thread, [heads / kv_heads][context] */
  float scale;
  uint32_t heads, kv_heads, head_dim, context, position;
} Attention;

void write_cache(float *cache, const float *x, uint32_t kv_heads, uint32_t head_dim, uint32_t context, uint32_t position,
                 uint32_t begin, uint32_t end);
void attend(const Attention *a, uint32_t token, uint32_t kv_head);
