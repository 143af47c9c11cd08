/* SPDX-License-Identifier: Apache-2.0 */
/* Attention with grouped heads over a preallocated cache, in integers where it counts.
 *
 * Keys and values are kept as 15-bit integers with a scale for each head and position. A score is the integer product of a
 * 12-bit query with a key; softmax is in floats; the weights, times the values' scales, become 12-bit integers with a scale
 * for each 32 keys, and an output is the sum of the 32-key integer sums, from key 0 on, in floats. A sum of integers has no
 * order, so the bits depend on the position alone: not on threads, and not on how a prompt was split.
 *
 * A spec may bend scores (softcap), add biases by relative position, and leave keys out (a window); those that share a block
 * with keys that are seen have the weight zero. */
#include "attention.h"
#include "include/math.h"

/* Nothing overflows: 64 products of a lane (head_dim 256), or 32 keys, of 2047 * 16383 stay below 2^31. */
_Static_assert((int64_t)QUERY_LIMIT * KEY_LIMIT * (MAX_WIDTH / 4) < INT32_MAX, "sums must fit");

/* Unrolled, these loops need more registers than there are. */
#define UNROLL _Pragma("clang loop unroll(full)")
#define ROLLED _Pragma("clang loop unroll(disable)")

INLINE uint32_t round_up(uint32_t n, uint32_t to) { return (n + to - 1) / to * to; }

Cache cache_at(uint32_t offset, uint32_t kv_heads, uint32_t head_dim, uint32_t context) {
  const uint32_t width = round_up(head_dim, 8);
  int16_t *q = (int16_t *)(uintptr_t)offset;
  return (Cache){q, (float *)(q + (size_t)kv_heads * context * width), kv_heads, head_dim, context, width};
}

/* Eight floats as integers of 16 bits. */
INLINE v128_t round_to_integers(v128_t low, v128_t high, float factor, v128_t kept) {
  const v128_t f = wasm_f32x4_splat(factor);
  const v128_t q = wasm_i16x8_narrow_i32x4(round_i32x4(wasm_f32x4_mul(low, f)), round_i32x4(wasm_f32x4_mul(high, f)));
  return wasm_v128_and(q, kept);
}

/* What x is multiplied with so that its largest element becomes `limit`. A vector below 1e-30 counts as zero. */
INLINE float factor_for(float amax, float limit) { return amax > 1e-30f ? limit / amax : 0.0f; }

/* x[n] -> integers of at most `limit` in q[n rounded up to eight], zeros at the end; returns the scale. A NaN or an
 * infinity in x makes the scale so, and the integers 0. */
INLINE float quantise(const float *x, uint32_t n, float limit, int16_t *q) {
  v128_t largest = wasm_i32x4_const_splat(0);
  for (uint32_t i = 0; i < n; i += 4) largest = max_magnitude(largest, load_part(x + i, n - i));
  const float amax = largest_lane(largest);
  const float factor = factor_for(amax, limit);
  const v128_t kept = all_if_finite(amax);
  for (uint32_t i = 0; i < n; i += 8) {
    const v128_t high = i + 4 < n ? load_part(x + i + 4, n - i - 4) : wasm_i32x4_const_splat(0);
    store(q + i, round_to_integers(load_part(x + i, n - i), high, factor, kept));
  }
  return amax / limit;
}

void write_keys(const Cache *c, const float *x, uint32_t position, uint32_t begin, uint32_t end) {
  for (uint32_t t = begin; t < end; t++)
    for (uint32_t h = 0; h < c->kv_heads; h++) {
      int16_t k[MAX_WIDTH];
      const size_t row = (size_t)h * c->context + position + t;
      c->scales[row] = quantise(x + ((size_t)t * c->kv_heads + h) * c->head_dim, c->head_dim, KEY_LIMIT, k);
      int16_t *to = c->q + row / 8 * 8 * c->width + row % 8 * 2;
      for (uint32_t i = 0; i < c->width; i++) to[i / 2 * 16 + i % 2] = k[i];
    }
}

void write_values(const Cache *c, const float *x, uint32_t position, uint32_t begin, uint32_t end) {
  for (uint32_t t = begin; t < end; t++)
    for (uint32_t h = 0; h < c->kv_heads; h++) {
      int16_t v[MAX_WIDTH];
      const size_t row = (size_t)h * c->context + position + t;
      c->scales[row] = quantise(x + ((size_t)t * c->kv_heads + h) * c->head_dim, c->head_dim, KEY_LIMIT, v);
      const uint32_t in_block = row % KEY_BLOCK;
      int16_t *to = c->q + (row - in_block) * c->width + in_block / 2 * 16 + in_block % 2;
      for (uint32_t i = 0; i < c->width; i++) to[i / 8 * (KEY_BLOCK * 8) + i % 8 * 2] = v[i];
    }
}

/* acc[heads][2] = the sums over `pairs` pairs, a multiple of four, of the products of a pair of a head's factors with each of
 * eight pairs of v. */
INLINE void add_products(const int16_t *factors, uint32_t stride, const int16_t *v, uint32_t pairs, v128_t acc[3][2], const int heads) {
  const int16_t *of_head[3], *const end = v + 16 * (size_t)pairs;
  for (int h = 0; h < heads; h++) {
    of_head[h] = factors + (size_t)h * stride;
    acc[h][0] = acc[h][1] = wasm_i32x4_const_splat(0);
  }
  for (; v < end; v += 64) {
    UNROLL for (int pair = 0; pair < 4; pair++) {
      const v128_t eight[2] = {load(v + 16 * pair), load(v + 16 * pair + 8)};
      for (int h = 0; h < heads; h++) {
        const v128_t factor = wasm_v128_load32_splat(of_head[h] + 2 * pair);
        for (int i = 0; i < 2; i++) {
          acc[h][i] = wasm_i32x4_add(acc[h][i], wasm_i32x4_dot_i16x8(factor, eight[i]));
          in_order(&acc[h][i]);
        }
      }
    }
    for (int h = 0; h < heads; h++) of_head[h] += 8;
  }
}

/* All bits of the lanes 0..n-1, none of the others; n may be above four or below one. */
INLINE v128_t first_lanes(int32_t n) { return wasm_i32x4_gt(wasm_i32x4_splat(n), wasm_i32x4_const(0, 1, 2, 3)); }

/* Scores of `heads` queries with the keys [0, n), eight keys at a time; the cache and the scores have room beyond. */
INLINE void score(const int16_t *q, const float *q_scales, const int16_t *keys, const float *scales, uint32_t n, uint32_t width,
                  float *scores, uint32_t context, const int heads) {
  for (uint32_t key = 0; key < n; key += 8) {
    v128_t acc[3][2];
    add_products(q, width, keys + (size_t)key * width, width / 2, acc, heads);
    for (int h = 0; h < heads; h++)
      for (int i = 0; i < 2; i++) {
        const v128_t factor = wasm_f32x4_mul(splat_load_f32(q_scales + h), load(scales + key + 4 * i));
        store(scores + (size_t)h * context + key + 4 * i, wasm_f32x4_mul(wasm_f32x4_convert_i32x4(acc[h][i]), factor));
      }
  }
}

INLINE float largest_of(const float *x, uint32_t n) {
  v128_t lanes = wasm_f32x4_splat(x[0]);
  uint32_t i = 0;
  for (; i + 4 <= n; i += 4) lanes = wasm_f32x4_pmax(lanes, load(x + i));
  for (; i < n; i++) lanes = wasm_f32x4_pmax(lanes, wasm_f32x4_splat(x[i]));
  return largest_float(lanes);
}

/* e^(x - offset), times the values' scales, in x's place; the powers are added to `sums`. */
INLINE void weigh_powers(float *x, const float *scales, v128_t offset, v128_t *sums, const int count) {
  v128_t e[4];
  EACH e[k] = wasm_f32x4_sub(load(x + 4 * k), offset);
  exp_each(e, count);
  EACH {
    *sums = wasm_f32x4_add(*sums, e[k]);
    store(x + 4 * k, wasm_f32x4_mul(e[k], load(scales + 4 * k)));
  }
}

/* Softmax without its division, and the weights that follow from it: e^(x - largest), times the values' scales, as 12-bit
 * integers with a scale for each KEY_BLOCK; zeros fill the last block. x[n] is written over. Returns the sum of the powers;
 * each lane adds up its own ones first. */
INLINE float weigh_scores(float *x, const float *scales, uint32_t n, int16_t *weights, float *block_scales) {
  const v128_t offset = wasm_f32x4_splat(largest_of(x, n));
  v128_t sums = wasm_i32x4_const_splat(0), last = wasm_i32x4_const_splat(0);
  uint32_t i = 0;
  for (; i + 16 <= n; i += 16) weigh_powers(x + i, scales + i, offset, &sums, 4);
  for (; i + 4 <= n; i += 4) weigh_powers(x + i, scales + i, offset, &sums, 1);
  for (; i < round_up(n, KEY_BLOCK); i += 4) {
    const v128_t inside = first_lanes((int32_t)(n - i));
    const v128_t e = wasm_v128_and(exp_f32x4(wasm_f32x4_sub(load(x + i), offset)), inside);
    last = wasm_f32x4_add(last, e);
    store(x + i, wasm_v128_and(wasm_f32x4_mul(e, load(scales + i)), inside));
  }
  for (uint32_t key = 0; key < n; key += KEY_BLOCK) {
    v128_t most = wasm_i32x4_const_splat(0);
    UNROLL for (uint32_t i = key; i < key + KEY_BLOCK; i += 4) most = max_magnitude(most, load(x + i));
    const float amax = largest_lane(most);
    const float factor = factor_for(amax, QUERY_LIMIT);
    const v128_t kept = all_if_finite(amax);
    UNROLL for (uint32_t i = key; i < key + KEY_BLOCK; i += 8)
      store(weights + i, round_to_integers(load(x + i), load(x + i + 4), factor, kept));
    block_scales[key / KEY_BLOCK] = amax / QUERY_LIMIT;
  }
  float sum = sum_lanes(sums);
  sum = sum + wasm_f32x4_extract_lane(last, 0);
  sum = sum + wasm_f32x4_extract_lane(last, 1);
  return sum + wasm_f32x4_extract_lane(last, 2);
}

/* y[heads][8] += weights times values, for one block of keys and eight columns. */
INLINE void weigh_block(float *y, const int16_t *weights, uint32_t context, const float *block_scales, uint32_t blocks,
                        const int16_t *values, uint32_t width, const int heads) {
  v128_t acc[3][2];
  add_products(weights, context, values, KEY_BLOCK / 2, acc, heads);
  for (int h = 0; h < heads; h++) {
    const v128_t scale = wasm_f32x4_splat(block_scales[(size_t)h * blocks]);
    for (int i = 0; i < 2; i++) {
      float *to = y + (size_t)h * width + 4 * i;
      store(to, wasm_f32x4_add(load(to), wasm_f32x4_mul(wasm_f32x4_convert_i32x4(acc[h][i]), scale)));
    }
  }
}

typedef struct {
  float *scores, *block_scales, *y, *q_scales;
  int16_t *weights, *q;
} Scratch;

/* How the thread's scratch is laid out for up to three heads at a time. */
INLINE Scratch layout(uint8_t *at, uint32_t context, uint32_t width) {
  const uint32_t heads = 3;
  Scratch s;
  s.scores = (float *)at;
  s.block_scales = s.scores + heads * context;
  s.y = s.block_scales + heads * (context / KEY_BLOCK);
  s.q_scales = s.y + heads * width;
  s.weights = (int16_t *)(s.q_scales + 4);
  s.q = s.weights + heads * context;
  return s;
}

/* The keys [first, end) that a token reads, of which it sees those from `seen` on; first begins a block. */
typedef struct {
  uint32_t first, seen, end;
} Range;

INLINE Range range_of(const Attention *a, uint32_t token) {
  Range range = {0, 0, a->position + token + 1};
  if (a->spec->kind == ATTENTION_BIDIRECTIONAL) range.end = a->tokens;
  if (a->spec->kind == ATTENTION_CROSS) range.end = a->encoded;
  if (a->spec->window && a->spec->window < range.end) range.seen = range.end - a->spec->window;
  range.first = range.seen / KEY_BLOCK * KEY_BLOCK;
  return range;
}

/* Changes the scores of one head with the keys of a range as the spec says; there is room up to a multiple of four. */
static __attribute__((noinline)) void apply_spec(const Attention *a, float *scores, Range range, uint32_t token, uint32_t head) {
  const AttentionSpec *spec = a->spec;
  const uint32_t n = range.end - range.first;
  if (spec->softcap != 0.0f) {
    const v128_t cap = wasm_f32x4_splat(spec->softcap);
    for (uint32_t i = 0; i < n; i += 4) store(scores + i, softcap_f32x4(load(scores + i), cap));
  }
  for (uint32_t i = 0; a->bias && i < n; i++) {
    const int32_t before = (int32_t)(a->position + token) - (int32_t)(range.first + i);
    uint32_t distance = before < 0 ? (spec->bidirectional_offset ? (uint32_t)-before : 0) : (uint32_t)before;
    if (distance > spec->max_distance) distance = spec->max_distance;
    const uint32_t bucket = spec->bucket[distance] + (before < 0 ? spec->bidirectional_offset : 0);
    scores[i] = scores[i] + a->bias[(size_t)bucket * a->heads + head];
  }
  for (uint32_t i = 0; i < range.seen - range.first; i++) scores[i] = -__builtin_inff();
}

/* `heads` heads, from `head` on, that share a key/value head, for one token. */
INLINE void attend_heads(const Attention *a, uint32_t token, uint32_t head, const int heads, const int by_spec) {
  const uint32_t head_dim = a->keys.head_dim, context = a->keys.context, width = a->keys.width, blocks = context / KEY_BLOCK;
  const Range range = by_spec ? range_of(a, token) : (Range){0, 0, a->position + token + 1};
  const uint32_t keys = range.end - range.first;
  const size_t row = (size_t)(head / (a->heads / a->keys.kv_heads)) * context + range.first;
  const Scratch s = layout(a->scratch, context, width);
  for (int h = 0; h < heads; h++) {
    const float *x = a->x + ((size_t)token * a->heads + head + h) * head_dim;
    s.q_scales[h] = quantise(x, head_dim, QUERY_LIMIT, s.q + h * width) * a->scale;
  }
  float sums[3];
  score(s.q, s.q_scales, a->keys.q + row * width, a->keys.scales + row, keys, width, s.scores, context, heads);
  for (int h = 0; by_spec && h < heads; h++) apply_spec(a, s.scores + (size_t)h * context, range, token, head + h);
  for (int h = 0; h < heads; h++)
    sums[h] = weigh_scores(s.scores + (size_t)h * context, a->values.scales + row, keys,
                           s.weights + (size_t)h * context, s.block_scales + (size_t)h * blocks);
  for (uint32_t i = 0; i < heads * width; i++) s.y[i] = 0.0f;
  for (uint32_t key = 0; key < keys; key += KEY_BLOCK) {
    const int16_t *values = a->values.q + (row + key) * width;
    const float *scales = s.block_scales + key / KEY_BLOCK;
    for (uint32_t c = 0; c < width; c += 8)
      weigh_block(s.y + c, s.weights + key, context, scales, blocks, values + KEY_BLOCK * c, width, heads);
  }
  for (int h = 0; h < heads; h++) {
    float *y = a->y + ((size_t)token * a->heads + head + h) * head_dim;
    const float inverse = 1.0f / sums[h];
    for (uint32_t i = 0; i < head_dim; i++) y[i] = s.y[h * width + i] * inverse;
  }
}

/* Outputs [begin, end). Plain causal attention is compiled on its own: it is what most models do, and it begins at
 * key 0. */
INLINE void attend_all(const Attention *a, uint32_t begin, uint32_t end, const int by_spec) {
  const uint32_t group = a->heads / a->keys.kv_heads;
  for (uint32_t i = begin; i < end;) {
    const uint32_t token = i / a->heads, head = i % a->heads;
    uint32_t heads = group - head % group; /* those left that share the key/value head */
    if (heads > end - i) heads = end - i;
    if (heads >= 3) attend_heads(a, token, head, 3, by_spec), heads = 3;
    else if (heads == 2) attend_heads(a, token, head, 2, by_spec);
    else attend_heads(a, token, head, 1, by_spec);
    i += heads;
  }
}

#define APART static __attribute__((noinline))

APART void attend_plainly(const Attention *a, uint32_t begin, uint32_t end) { attend_all(a, begin, end, 0); }
APART void attend_by_spec(const Attention *a, uint32_t begin, uint32_t end) { attend_all(a, begin, end, 1); }

void attend(const Attention *a, uint32_t begin, uint32_t end) { (a->spec ? attend_by_spec : attend_plainly)(a, begin, end); }
