/* SPDX-License-Identifier: Apache-2.0 */
/* The next token: logits come in, and stay as they are; the token and what its log-probability is made of go out. The twin
 * of sampling/chain.py's Sampler, to the bit: the same steps in the same order, the same exp, and sums that run from the first
 * element to the last, for that is the order in which candle and NumPy's accumulate add. */
#include "sample.h"

#include "dry.h"
#include "items.h"
#include "include/math.h"

#define RESULT_BYTES 64u
#define BLOCK 64u /* numbers that are looked at together */

/* What `choose` computes beside the token. */
typedef struct {
  double power_sum; /* of e^(logit - largest), over all logits */
  float largest, logit; /* the largest logit, and the chosen one */
} Result;

typedef struct {
  Result *result;      /* at the buffers' start */
  uint32_t *penalised; /* ids, RESULT_BYTES behind it; the caller writes them */
  float *saved;        /* their logits */
  float *x;            /* of the candidates: logits, then probabilities, then sums; room for whole sixteens */
  uint32_t *ids;       /* of the candidates */
  Item *items, *spare;
} Buffers;

typedef struct {
  float inverse_temperature; /* 0: always the likeliest */
  uint32_t top_k;            /* 0: all */
  float min_p;
  float top_p;         /* negative: all */
  float xtc_threshold; /* negative: off */
} Filters;

/* What few texts ask for. */
typedef struct {
  float xtc_threshold; /* negative: off, or the coin fell so */
  Dry dry;
  uint32_t history; /* ids that DRY looks at; 0: off */
  uint32_t banned;  /* ids that can't be chosen, fewer than there are */
  uint32_t ids[];   /* the banned ones, ascending, each once; then the history; then room for as many Items */
} Extras;

typedef struct {
  float largest, magnitude;
} Survey;

static uint32_t padded(uint32_t n) { return (n + 15) / 16 * 16; }

EXPORT(choose_bytes) uint32_t choose_bytes(uint32_t n) { return RESULT_BYTES + padded(n) * (4 * sizeof(float) + 2 * sizeof(Item)); }

INLINE Buffers layout(uint8_t *bytes, uint32_t n) {
  Buffers buffers = {.result = (Result *)bytes, .penalised = (uint32_t *)(bytes + RESULT_BYTES)};
  buffers.saved = (float *)buffers.penalised + padded(n);
  buffers.x = buffers.saved + padded(n);
  buffers.ids = (uint32_t *)buffers.x + padded(n);
  buffers.items = (Item *)(buffers.ids + padded(n));
  buffers.spare = buffers.items + padded(n);
  return buffers;
}

/* The largest, and the largest magnitude, which is not finite if one of them is not. */
static Survey survey(const float *x, uint32_t n) {
  v128_t largest = wasm_f32x4_splat(x[0]), magnitude = wasm_f32x4_const_splat(0.0f);
  const uint32_t whole = n / 4 * 4;
  for (uint32_t i = 0; i < whole; i += 4) {
    largest = wasm_f32x4_pmax(largest, load(x + i));
    magnitude = max_magnitude(magnitude, load(x + i));
  }
  for (uint32_t i = whole; i < n; i++) {
    largest = wasm_f32x4_pmax(largest, wasm_f32x4_splat(x[i]));
    magnitude = max_magnitude(magnitude, wasm_f32x4_splat(x[i]));
  }
  largest = wasm_f32x4_pmax(largest, wasm_i32x4_shuffle(largest, largest, 2, 3, 0, 1));
  largest = wasm_f32x4_pmax(largest, wasm_i32x4_shuffle(largest, largest, 1, 0, 3, 2));
  return (Survey){wasm_f32x4_extract_lane(largest, 0), largest_lane(magnitude)};
}

EXPORT(all_finite) uint32_t all_finite(const float *x, uint32_t n) { return __builtin_isfinite(survey(x, n).magnitude); }

/* e^(x * factor - largest) of four numbers in each of `count` vectors. */
INLINE void powers(const float *x, v128_t factor, v128_t largest, v128_t *e, const int count) {
  EACH e[k] = wasm_f32x4_sub(wasm_f32x4_mul(load(x + 4 * k), factor), largest);
  exp_each(e, count);
}

/* The same of n numbers -> e[n rounded up to four]; n is 64 mostly. */
INLINE void powers_of_block(const float *x, uint32_t n, v128_t factor, v128_t largest, float *e) {
  uint32_t i = 0;
  for (; i + 16 <= n; i += 16) {
    v128_t four[4];
    powers(x + i, factor, largest, four, 4);
    for (int k = 0; k < 4; k++) store(e + i + 4 * k, four[k]);
  }
  for (; i < n; i += 4) {
    v128_t one;
    powers(x + i, factor, largest, &one, 1);
    store(e + i, one);
  }
}

INLINE uint32_t block_at(uint32_t i, uint32_t n) { return n - i < BLOCK ? n - i : BLOCK; }

/* The sum of e^(x - largest) in double precision. */
static double power_sum(const float *x, uint32_t n, float largest) {
  const v128_t one = wasm_f32x4_const_splat(1.0f), most = wasm_f32x4_splat(largest);
  double sum = 0.0;
  for (uint32_t i = 0; i < n; i += BLOCK) {
    const uint32_t count = block_at(i, n);
    float e[BLOCK];
    powers_of_block(x + i, count, one, most, e);
    for (uint32_t k = 0; k < count; k++) sum = sum + (double)e[k];
  }
  return sum;
}

/* sum + x[0] + ... + x[n - 1], added one after the other; no x is negative. */
INLINE float add_in_turn(float sum, const float *x, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) sum = sum + x[i];
  return sum;
}

/* The same for a whole block, without waiting for each sum before the next.
 *
 * Between two powers of two all sums are multiples of one unit, that of the last place. To add a number then means to round it
 * to such a multiple, upwards or downwards whatever the sum is, unless it lies midway between two. So each is rounded for
 * itself, and multiples add up exactly, in any order. Where a number does lie midway, or the sum reaches the next power of
 * two, the block is added up in turn. */
INLINE float add_block(float sum, const float *x) {
  const float power = __builtin_bit_cast(float, __builtin_bit_cast(uint32_t, sum) & 0x7f800000u);
  const v128_t shift = wasm_f32x4_splat(power);
  v128_t added = wasm_f32x4_const_splat(0.0f), farthest = wasm_i32x4_const_splat(0);
  for (uint32_t i = 0; i < BLOCK; i += 4) {
    const v128_t rounded = wasm_f32x4_sub(wasm_f32x4_add(load(x + i), shift), shift);
    farthest = max_magnitude(farthest, wasm_f32x4_sub(load(x + i), rounded));
    added = wasm_f32x4_add(added, rounded);
  }
  const float whole = sum + sum_lanes(added);
  if (whole < 2.0f * power && largest_lane(farthest) < power * 0x1p-24f) return whole;
  return add_in_turn(sum, x, BLOCK);
}

INLINE float add_up(float sum, const float *x, uint32_t n) { return n == BLOCK ? add_block(sum, x) : add_in_turn(sum, x, n); }

/* As `probabilities`, of logits that have been looked at. */
static float softmax(const float *logits, uint32_t n, Survey seen, float factor, float *x) {
  if (!__builtin_isfinite(seen.magnitude * factor)) return 0.0f;
  const v128_t factors = wasm_f32x4_splat(factor), most = wasm_f32x4_splat(seen.largest * factor);
  float sum = 0.0f;
  for (uint32_t i = 0; i < n; i += BLOCK) {
    const uint32_t count = block_at(i, n);
    powers_of_block(logits + i, count, factors, most, x + i);
    sum = add_up(sum, x + i, count);
  }
  const v128_t divisor = wasm_f32x4_splat(sum);
  for (uint32_t i = 0; i < n; i += 4) store(x + i, wasm_f32x4_div(load(x + i), divisor));
  return 1.0f / sum;
}

float probabilities(const float *logits, uint32_t n, float factor, float *x) {
  return softmax(logits, n, survey(logits, n), factor, x);
}

/* The last of the largest; +0 is larger than -0. */
static uint32_t last_largest(const float *x, uint32_t n, float largest) {
  uint32_t last = n - 1;
  while (x[last] != largest) last--;
  if (largest != 0.0f) return last;
  for (uint32_t i = n; i--> 0;) {
    if (__builtin_bit_cast(uint32_t, x[i]) == 0) return i;
  }
  return last;
}

/* Those of x from the largest down to `last`, of its equals only those before it -> buffers.x and buffers.ids, in their order;
 * returns how many. x may be buffers.x. `ids` is NULL where all are candidates still. */
static uint32_t keep_down_to(Item last, const float *x, uint32_t n, const uint32_t *ids, const Buffers *buffers) {
  const float least = value_of(last.key);
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += 16) {
    for (uint32_t found = reaching(x + i, n - i, wasm_f32x4_splat(least)); found; found &= found - 1) {
      const uint32_t at = i + (uint32_t)__builtin_ctz(found);
      if (at > last.index && x[at] == least) continue;
      buffers->x[count] = x[at];
      buffers->ids[count++] = ids ? ids[at] : at;
    }
  }
  return count;
}

/* All but the banned ones -> buffers.x and buffers.ids, in their order; returns how many. */
static uint32_t keep_allowed(const float *logits, uint32_t n, const Extras *extras, const Buffers *buffers) {
  uint32_t count = 0, next = 0;
  for (uint32_t id = 0; id < n; id++) {
    if (next < extras->banned && extras->ids[next] == id) {
      next++;
      continue;
    }
    buffers->x[count] = logits[id];
    buffers->ids[count++] = id;
  }
  return count;
}

/* The k largest -> buffers.x and buffers.ids, in their order; of equals at the border the first ones. As many blocks as k have a
 * largest logit that reaches some floor, so the k largest of all reach it too, and few others do. `ids` is NULL where all are
 * candidates still. */
static void keep_largest(const float *logits, uint32_t n, uint32_t k, const uint32_t *ids, const Buffers *buffers) {
  float floor = -__builtin_inff();
  if (k <= n / BLOCK) {
    for (uint32_t b = 0; b < n / BLOCK; b++) {
      v128_t largest = order_of(load(logits + BLOCK * b));
      for (uint32_t i = 4; i < BLOCK; i += 4) largest = wasm_i32x4_max(largest, order_of(load(logits + BLOCK * b + i)));
      largest = wasm_i32x4_max(largest, wasm_i32x4_shuffle(largest, largest, 2, 3, 0, 1));
      largest = wasm_i32x4_max(largest, wasm_i32x4_shuffle(largest, largest, 1, 0, 3, 2));
      buffers->items[b] = (Item){(uint32_t)wasm_i32x4_extract_lane(largest, 0) ^ SIGN, b};
    }
    floor = value_of(sort_down(buffers->items, n / BLOCK, buffers->spare)[k - 1].key);
  }
  const uint32_t count = collect(logits, n, floor, buffers->items);
  keep_down_to(sort_down(buffers->items, count, buffers->spare)[k - 1], logits, n, ids, buffers);
}

/* Those at least p times as likely as the likeliest -> buffers.x and buffers.ids, in their order; returns how many. `ids` is NULL
 * where all are candidates still. */
static uint32_t keep_likely(const float *logits, uint32_t n, float largest, float p, const uint32_t *ids, const Buffers *buffers) {
  const v128_t one = wasm_f32x4_const_splat(1.0f), most = wasm_f32x4_splat(largest);
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += 16) {
    const uint32_t size = n - i < 16 ? n - i : 16;
    float e[16];
    powers_of_block(logits + i, size, one, most, e);
    for (uint32_t found = reaching(e, size, wasm_f32x4_splat(p)); found; found &= found - 1, count++) {
      const uint32_t at = i + (uint32_t)__builtin_ctz(found);
      buffers->x[count] = logits[at];
      buffers->ids[count] = ids ? ids[at] : at;
    }
  }
  return count;
}

/* A floor above which the probabilities' sum is likely to reach p; 0 where there is none but that. */
static float likely_floor(const float *x, uint32_t n, float p, float largest) {
  enum { FLOORS = 6 };
  v128_t floors[FLOORS], sums[FLOORS];
  for (int k = 0; k < FLOORS; k++) {
    largest = largest * 0x1p-3f;
    floors[k] = wasm_f32x4_splat(largest);
    sums[k] = wasm_f32x4_const_splat(0.0f);
  }
  for (uint32_t i = 0; i < n / 4 * 4; i += 4) {
    const v128_t these = load(x + i);
    for (int k = 0; k < FLOORS; k++) {
      sums[k] = wasm_f32x4_add(sums[k], wasm_v128_and(these, wasm_f32x4_ge(these, floors[k])));
    }
  }
  for (int k = 0; k < FLOORS; k++) {
    if (sum_lanes(sums[k]) > p * 1.0001f) return wasm_f32x4_extract_lane(floors[k], 0);
  }
  return 0.0f;
}

/* The likeliest until their sum reaches p -> buffers.x and buffers.ids, in their order; returns how many. Only those above a floor
 * are sorted: they are the beginning of all in sorted order, so if their sum reaches p, the others don't matter. */
static uint32_t keep_nucleus(uint32_t n, float p, float largest, const uint32_t *ids, const Buffers *buffers) {
  float *x = buffers->x;
  float floor = likely_floor(x, n, p, largest);
  Item *sorted;
  uint32_t count;
  for (;; floor = 0.0f) {
    const uint32_t found = collect(x, n, floor, buffers->items);
    sorted = sort_down(buffers->items, found, buffers->spare);
    float sum = 0.0f;
    for (count = 0; count < found && (count == 0 || sum < p); count++) sum = sum + x[sorted[count].index];
    if (sum >= p || floor == 0.0f) break;
  }
  return keep_down_to(sorted[count - 1], x, n, ids, buffers);
}

/* XTC: of those whose share of the whole sum reaches the threshold, all but the least likely, of equals the last one, get a
 * weight of zero, which changes no sum and is never drawn. */
static void exclude_top_choices(float *x, uint32_t n, float threshold) {
  float sum = 0.0f;
  for (uint32_t i = 0; i < n; i += BLOCK) sum = add_up(sum, x + i, block_at(i, n));
  const float least = threshold * sum > 0x1p-149f ? threshold * sum : 0x1p-149f; /* the smallest number above zero */
  const v128_t floor = wasm_f32x4_splat(least);
  uint32_t kept = n;
  for (uint32_t i = 0; i < n; i += 16) {
    for (uint32_t found = reaching(x + i, n - i, floor); found; found &= found - 1) {
      const uint32_t at = i + (uint32_t)__builtin_ctz(found);
      if (kept == n || x[at] <= x[kept]) kept = at;
    }
  }
  for (uint32_t i = 0; i < n; i += 16) {
    for (uint32_t found = reaching(x + i, n - i, floor); found; found &= found - 1) {
      const uint32_t at = i + (uint32_t)__builtin_ctz(found);
      if (at != kept) x[at] = 0.0f;
    }
  }
}

/* The first index whose sum with all before it is above the number drawn: `uniform`, from 0 to 1, of the whole sum. `sums` has
 * room for a number a block. */
static uint32_t draw(const float *x, uint32_t n, float uniform, float *sums) {
  float sum = 0.0f;
  for (uint32_t i = 0; i < n; i += BLOCK) sums[i / BLOCK] = sum = add_up(sum, x + i, block_at(i, n));
  const float drawn = uniform * sum;
  uint32_t block = 0;
  while (block < (n - 1) / BLOCK && sums[block] <= drawn) block++;
  sum = block ? sums[block - 1] : 0.0f;
  uint32_t i = BLOCK * block;
  for (; i < n - 1; i++) {
    sum = sum + x[i];
    if (sum > drawn) break;
  }
  return i;
}

/* The steps from the temperature on; -1 where the temperature makes a logit infinite. The logits may be buffers.x, of the tokens
 * `ids`, which is NULL where all are candidates. */
static int32_t pick(const float *logits, uint32_t n, const uint32_t *ids, Filters filters, float uniform, const Buffers *buffers,
                    Survey seen) {
  if (filters.inverse_temperature == 0.0f) {
    const uint32_t index = last_largest(logits, n, seen.largest);
    return (int32_t)(ids ? ids[index] : index);
  }
  if (filters.top_k > 0 && filters.top_k < n) {
    keep_largest(logits, n, filters.top_k, ids, buffers);
    n = filters.top_k;
    logits = buffers->x, ids = buffers->ids;
    seen = survey(logits, n);
  }
  if (filters.min_p > 0.0f) {
    n = keep_likely(logits, n, seen.largest, filters.min_p, ids, buffers);
    logits = buffers->x, ids = buffers->ids;
    seen = survey(logits, n);
  }
  const float likeliest = softmax(logits, n, seen, filters.inverse_temperature, buffers->x);
  if (likeliest == 0.0f) return -1;
  if (filters.top_p >= 0.0f) {
    n = keep_nucleus(n, filters.top_p, likeliest, ids, buffers);
    ids = buffers->ids;
  }
  if (filters.xtc_threshold >= 0.0f) exclude_top_choices(buffers->x, n, filters.xtc_threshold);
  const uint32_t index = draw(buffers->x, n, uniform, (float *)buffers->items);
  return (int32_t)(ids ? ids[index] : index);
}

/* Makes the tokens that the caller wrote down less likely, and keeps their logits; returns whether all are finite still. */
static int penalise(float *logits, uint32_t count, float penalty, const Buffers *buffers) {
  int finite = 1;
  for (uint32_t i = 0; i < count; i++) {
    float *logit = logits + buffers->penalised[i];
    buffers->saved[i] = *logit;
    *logit = *logit >= 0.0f ? *logit / penalty : *logit * penalty;
    finite &= __builtin_isfinite(*logit);
  }
  return finite;
}

/* The token chosen from logits that have their penalties, or -1. */
static int32_t choose_allowed(const float *logits, uint32_t n, const Extras *extras, Filters filters, float uniform,
                              const Buffers *buffers, Survey seen) {
  if (extras == NULL || extras->banned == 0) return pick(logits, n, NULL, filters, uniform, buffers, seen);
  n = keep_allowed(logits, n, extras, buffers);
  return pick(buffers->x, n, buffers->ids, filters, uniform, buffers, survey(buffers->x, n));
}

/* The token chosen from n logits, or -1 where one is not finite, or comes to be.
 *
 * bytes: choose_bytes(n), with the ids of the `count` tokens to penalise, each once; uniform: the number drawn, from 0 to 1;
 * extras: NULL for none. n is at least one; logits are read up to a multiple of four. */
EXPORT(choose)
int32_t choose(float *logits, uint32_t n, uint8_t *bytes, uint32_t count, float penalty, float inverse_temperature,
               uint32_t top_k, float min_p, float top_p, float uniform, Extras *extras) {
  const Buffers buffers = layout(bytes, n);
  const Survey seen = survey(logits, n);
  if (!__builtin_isfinite(seen.magnitude)) return -1;
  const int finite = penalise(logits, count, penalty, &buffers);
  uint32_t *history = extras ? extras->ids + extras->banned : NULL;
  Item *changed = extras ? (Item *)(history + extras->history) : NULL;
  const uint32_t repeats =
      extras && finite ? apply_dry(logits, n, history, extras->history, extras->dry, buffers.ids, changed) : 0;
  const Filters filters = {inverse_temperature, top_k, min_p, top_p, extras ? extras->xtc_threshold : -1.0f};
  const Survey left = count + repeats ? survey(logits, n) : seen;
  const int32_t token = finite ? choose_allowed(logits, n, extras, filters, uniform, &buffers, left) : -1;
  for (uint32_t i = 0; i < repeats; i++) logits[changed[i].index] = __builtin_bit_cast(float, changed[i].key);
  for (uint32_t i = 0; i < count; i++) logits[buffers.penalised[i]] = buffers.saved[i];
  if (token < 0) return -1;
  *buffers.result = (Result){power_sum(logits, n, seen.largest), seen.largest, logits[token]};
  return token;
}
