/* Causal attention with grouped heads over a preallocated cache.
 *
 * A query at position p sees the keys 0..p. A score adds up its products in four lanes, as rms_norm does; an output adds
 * up its values from key 0 on. Neither depends on how a prompt is split. */
#include "attention.h"
#include "elementwise.h"

/* cache[kv_head][position + token] = x[token][kv_head], tokens [begin, end). */
void write_cache(float *cache, const float *x, uint32_t kv_heads, uint32_t head_dim, uint32_t context, uint32_t position,
                 uint32_t begin, uint32_t end) {
  for (uint32_t t = begin; t < end; t++)
    for (uint32_t h = 0; h < kv_heads; h++)
      __builtin_memcpy(cache + ((size_t)h * context + position + t) * head_dim, x + ((size_t)t * kv_heads + h) * head_dim,
                       head_dim * sizeof(float));
}

INLINE float dot(const float *a, const float *b, uint32_t n) {
  v128_t acc = wasm_f32x4_const_splat(0.0f);
  const uint32_t whole = n / 4 * 4;
  for (uint32_t i = 0; i < whole; i += 4) acc = wasm_f32x4_add(acc, wasm_f32x4_mul(load(a + i), load(b + i)));
  float sum = sum_lanes(acc);
  for (uint32_t i = whole; i < n; i++) sum = sum + a[i] * b[i];
  return sum;
}

/* y[columns] = sum over keys of weight * value, for `width` vectors of four columns. */
INLINE void weigh_columns(float *y, const float *weights, const float *values, uint32_t keys, uint32_t head_dim, v128_t inverse,
                          const int width) {
  v128_t acc[8];
  for (int i = 0; i < width; i++) acc[i] = wasm_f32x4_const_splat(0.0f);
  for (uint32_t key = 0; key < keys; key++) {
    const v128_t weight = splat_load_f32(weights + key);
    for (int i = 0; i < width; i++)
      acc[i] = wasm_f32x4_add(acc[i], wasm_f32x4_mul(weight, load(values + (size_t)key * head_dim + 4 * i)));
  }
  for (int i = 0; i < width; i++) store(y + 4 * i, wasm_f32x4_mul(acc[i], inverse));
}

INLINE void weigh(float *y, const float *weights, const float *values, uint32_t keys, uint32_t head_dim, float sum) {
  const float inverse = 1.0f / sum;
  const v128_t factor = wasm_f32x4_splat(inverse);
  uint32_t c = 0;
  for (; c + 32 <= head_dim; c += 32) weigh_columns(y + c, weights, values + c, keys, head_dim, factor, 8);
  for (; c + 4 <= head_dim; c += 4) weigh_columns(y + c, weights, values + c, keys, head_dim, factor, 1);
  for (; c < head_dim; c++) {
    float acc = 0.0f;
    for (uint32_t key = 0; key < keys; key++) acc = acc + weights[key] * values[(size_t)key * head_dim + c];
    y[c] = acc * inverse;
  }
}

/* All heads that share one key/value head, for one token. */
void attend(const Attention *a, uint32_t token, uint32_t kv_head) {
  const uint32_t group = a->heads / a->kv_heads;
  const uint32_t keys = a->position + token + 1;
  const float *key_rows = a->keys + (size_t)kv_head * a->context * a->head_dim;
  const float *value_rows = a->values + (size_t)kv_head * a->context * a->head_dim;
  const size_t head = (size_t)token * a->heads + (size_t)kv_head * group;
  for (uint32_t key = 0; key < keys; key++)
    for (uint32_t h = 0; h < group; h++)
      a->scores[(size_t)h * a->context + key] =
          dot(a->q + (head + h) * a->head_dim, key_rows + (size_t)key * a->head_dim, a->head_dim) * a->scale;
  for (uint32_t h = 0; h < group; h++) {
    float *scores = a->scores + (size_t)h * a->context;
    const float sum = softmax(scores, keys);
    weigh(a->y + (head + h) * a->head_dim, scores, value_rows, keys, a->head_dim, sum);
  }
}
