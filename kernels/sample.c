/* The next token: logits come in, and stay as they are; the token and what its log-probability is made of go out. The twin
 * of sampling.py's Sampler, to the bit: the same steps in the same order, the same exp, and sums that run from the first
 * element to the last, for that is the order in which candle and NumPy's accumulate add. */
#include "sample.h"

#include "items.h"
#include "math.h"

#define TOLD_BYTES 64u
#define BLOCK 64u /* logits whose largest stands for them in the search for the k largest of all */

/* What `choose` tells beside the token. */
typedef struct {
  double power_sum; /* of e^(logit - largest), over all logits */
  float largest, logit; /* the largest logit, and the chosen one */
} Told;

typedef struct {
  Told *told;          /* at the room's start */
  uint32_t *penalised; /* ids, TOLD_BYTES behind it; the caller writes them */
  float *saved;        /* their logits */
  float *x;            /* of the candidates: logits, then probabilities, then sums; room for whole sixteens */
  uint32_t *ids;       /* of the candidates */
  Item *items, *spare;
} Room;

typedef struct {
  float inverse_temperature; /* 0: always the likeliest */
  uint32_t top_k;            /* 0: all */
  float min_p;
  float top_p; /* negative: all */
} Filters;

typedef struct {
  float largest, magnitude;
} Survey;

static uint32_t padded(uint32_t n) { return (n + 15) / 16 * 16; }

EXPORT(choose_bytes) uint32_t choose_bytes(uint32_t n) { return TOLD_BYTES + padded(n) * (4 * sizeof(float) + 2 * sizeof(Item)); }

INLINE Room cut(uint8_t *bytes, uint32_t n) {
  Room room = {.told = (Told *)bytes, .penalised = (uint32_t *)(bytes + TOLD_BYTES)};
  room.saved = (float *)room.penalised + padded(n);
  room.x = room.saved + padded(n);
  room.ids = (uint32_t *)room.x + padded(n);
  room.items = (Item *)(room.ids + padded(n));
  room.spare = room.items + padded(n);
  return room;
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

INLINE v128_t power(const float *x, v128_t factor, v128_t largest) {
  return exp_f32x4(wasm_f32x4_sub(wasm_f32x4_mul(load(x), factor), largest));
}

/* The sum of e^(x - largest) in double precision. */
static double power_sum(const float *x, uint32_t n, float largest) {
  const v128_t one = wasm_f32x4_const_splat(1.0f), most = wasm_f32x4_splat(largest);
  double sum = 0.0;
  for (uint32_t i = 0; i < n; i += 16) {
    float e[16];
    for (uint32_t k = 0; k < 16 && i + k < n; k += 4) store(e + k, power(x + i + k, one, most));
    if (n - i >= 16) {
      for (uint32_t k = 0; k < 16; k++) sum = sum + (double)e[k];
    } else {
      for (uint32_t k = 0; k < n - i; k++) sum = sum + (double)e[k];
    }
  }
  return sum;
}

/* sum + x[0] + ... + x[n - 1], n at most 16, added one after the other; with `keep` the sums take the numbers' places.
 * A number below half a unit in the sum's last place leaves the sum as it is, and most of a vocabulary is that small. */
INLINE float add_up(float sum, float *x, uint32_t n, int keep) {
  if (n < 16) {
    for (uint32_t k = 0; k < n; k++) {
      sum = sum + x[k];
      if (keep) x[k] = sum;
    }
    return sum;
  }
  const float half = __builtin_bit_cast(float, __builtin_bit_cast(uint32_t, sum) & 0x7f800000u) * 0x1p-24f;
  const v128_t larger = wasm_f32x4_pmax(wasm_f32x4_pmax(load(x), load(x + 4)), wasm_f32x4_pmax(load(x + 8), load(x + 12)));
  if (!wasm_v128_any_true(wasm_f32x4_ge(larger, wasm_f32x4_splat(half)))) {
    for (uint32_t k = 0; keep && k < 16; k += 4) store(x + k, wasm_f32x4_splat(sum));
    return sum;
  }
  for (uint32_t k = 0; k < 16; k++) {
    sum = sum + x[k];
    if (keep) x[k] = sum;
  }
  return sum;
}

float probabilities(const float *logits, uint32_t n, float factor, float *x) {
  const Survey seen = survey(logits, n);
  if (!__builtin_isfinite(seen.magnitude * factor)) return 0.0f;
  const v128_t factors = wasm_f32x4_splat(factor), most = wasm_f32x4_splat(seen.largest * factor);
  float sum = 0.0f;
  for (uint32_t i = 0; i < n; i += 16) {
    const uint32_t count = n - i < 16 ? n - i : 16;
    for (uint32_t k = 0; k < count; k += 4) store(x + i + k, power(logits + i + k, factors, most));
    sum = add_up(sum, x + i, count, 0);
  }
  const v128_t divisor = wasm_f32x4_splat(sum);
  for (uint32_t i = 0; i < n; i += 4) store(x + i, wasm_f32x4_div(load(x + i), divisor));
  return 1.0f / sum;
}

/* The last of the largest; +0 is larger than -0. */
static uint32_t last_largest(const float *x, uint32_t n) {
  const float largest = survey(x, n).largest;
  uint32_t last = n - 1;
  while (x[last] != largest) last--;
  if (largest != 0.0f) return last;
  for (uint32_t i = n; i-- > 0;) {
    if (__builtin_bit_cast(uint32_t, x[i]) == 0) return i;
  }
  return last;
}

/* Brings the first k items into the order of their indices. */
INLINE Item *by_index(Item *items, uint32_t k, const Room *room) {
  for (uint32_t i = 0; i < k; i++) items[i].key = ~items[i].index;
  return sort_down(items, k, items == room->items ? room->spare : room->items);
}

/* The k largest -> room.x and room.ids, in their order; of equals at the border the first ones. As many blocks as k have a
 * largest logit that reaches some floor, so the k largest of all reach it too, and few others do. */
static void keep_largest(const float *logits, uint32_t n, uint32_t k, const Room *room) {
  uint32_t floor = 0;
  if (k <= n / BLOCK) {
    for (uint32_t b = 0; b < n / BLOCK; b++) {
      v128_t largest = order_of(load(logits + BLOCK * b));
      for (uint32_t i = 4; i < BLOCK; i += 4) largest = wasm_i32x4_max(largest, order_of(load(logits + BLOCK * b + i)));
      largest = wasm_i32x4_max(largest, wasm_i32x4_shuffle(largest, largest, 2, 3, 0, 1));
      largest = wasm_i32x4_max(largest, wasm_i32x4_shuffle(largest, largest, 1, 0, 3, 2));
      room->items[b] = (Item){(uint32_t)wasm_i32x4_extract_lane(largest, 0) ^ SIGN, b};
    }
    floor = sort_down(room->items, n / BLOCK, room->spare)[k - 1].key;
  }
  const uint32_t count = collect(logits, n, floor, room->items);
  const Item *kept = by_index(sort_down(room->items, count, room->spare), k, room);
  for (uint32_t i = 0; i < k; i++) {
    room->ids[i] = kept[i].index;
    room->x[i] = logits[kept[i].index];
  }
}

/* Those at least p times as likely as the likeliest -> room.x and room.ids, in their order; returns how many. `ids` is NULL
 * where all are candidates still. */
static uint32_t keep_likely(const float *logits, uint32_t n, float p, const uint32_t *ids, const Room *room) {
  const v128_t one = wasm_f32x4_const_splat(1.0f), most = wasm_f32x4_splat(survey(logits, n).largest), least = wasm_f32x4_splat(p);
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += 4) {
    uint32_t found = wasm_i32x4_bitmask(wasm_f32x4_ge(power(logits + i, one, most), least));
    if (n - i < 4) found &= (1u << (n - i)) - 1;
    for (; found; found &= found - 1, count++) {
      const uint32_t at = i + (uint32_t)__builtin_ctz(found);
      room->x[count] = logits[at];
      room->ids[count] = ids ? ids[at] : at;
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

/* The likeliest until their sum reaches p -> room.x and room.ids, in their order; returns how many. Only those above a floor
 * are sorted: they are the beginning of all in sorted order, so if their sum reaches p, the others don't matter. */
static uint32_t keep_nucleus(uint32_t n, float p, float largest, const uint32_t *ids, const Room *room) {
  float *x = room->x;
  float floor = likely_floor(x, n, p, largest);
  Item *sorted;
  uint32_t count;
  for (;; floor = 0.0f) {
    const uint32_t found = collect(x, n, key_of(floor), room->items);
    sorted = sort_down(room->items, found, room->spare);
    float sum = 0.0f;
    for (count = 0; count < found && (count == 0 || sum < p); count++) sum = sum + x[sorted[count].index];
    if (sum >= p || floor == 0.0f) break;
  }
  const Item *kept = by_index(sorted, count, room);
  for (uint32_t i = 0; i < count; i++) {
    const uint32_t at = kept[i].index; /* i or beyond, so nothing is overwritten before it is read */
    x[i] = x[at];
    room->ids[i] = ids ? ids[at] : at;
  }
  return count;
}

/* The first index whose sum with all before it is above the number drawn: `unit`, from 0 to 1, of the whole sum. */
static uint32_t draw(float *x, uint32_t n, float unit) {
  float sum = 0.0f;
  for (uint32_t i = 0; i < n; i += 16) sum = add_up(sum, x + i, n - i < 16 ? n - i : 16, 1);
  const float drawn = unit * sum;
  uint32_t low = 0, high = n - 1;
  while (low < high) {
    const uint32_t middle = (low + high) / 2;
    if (x[middle] > drawn) high = middle;
    else low = middle + 1;
  }
  return low;
}

/* The steps from the temperature on; -1 where the temperature makes a logit infinite. */
static int32_t pick(const float *logits, uint32_t n, Filters filters, float unit, const Room *room) {
  if (filters.inverse_temperature == 0.0f) return (int32_t)last_largest(logits, n);
  const uint32_t *ids = NULL;
  if (filters.top_k > 0 && filters.top_k < n) {
    keep_largest(logits, n, filters.top_k, room);
    n = filters.top_k;
    logits = room->x, ids = room->ids;
  }
  if (filters.min_p > 0.0f) {
    n = keep_likely(logits, n, filters.min_p, ids, room);
    logits = room->x, ids = room->ids;
  }
  const float likeliest = probabilities(logits, n, filters.inverse_temperature, room->x);
  if (likeliest == 0.0f) return -1;
  if (filters.top_p >= 0.0f) {
    n = keep_nucleus(n, filters.top_p, likeliest, ids, room);
    ids = room->ids;
  }
  const uint32_t index = draw(room->x, n, unit);
  return (int32_t)(ids ? ids[index] : index);
}

/* The token chosen from n logits, or -1 where one is not finite, or comes to be.
 *
 * room: choose_bytes(n), with the ids of the `count` tokens to penalise, each once; unit: the number drawn, from 0 to 1.
 * n is at least one; logits are read up to a multiple of four. */
EXPORT(choose)
int32_t choose(float *logits, uint32_t n, uint8_t *bytes, uint32_t count, float penalty, float inverse_temperature,
               uint32_t top_k, float min_p, float top_p, float unit) {
  const Room room = cut(bytes, n);
  const Survey seen = survey(logits, n);
  if (!__builtin_isfinite(seen.magnitude)) return -1;
  int finite = 1;
  for (uint32_t i = 0; i < count; i++) {
    float *logit = logits + room.penalised[i];
    room.saved[i] = *logit;
    *logit = *logit >= 0.0f ? *logit / penalty : *logit * penalty;
    finite &= __builtin_isfinite(*logit);
  }
  const Filters filters = {inverse_temperature, top_k, min_p, top_p};
  const int32_t token = finite ? pick(logits, n, filters, unit, &room) : -1;
  for (uint32_t i = 0; i < count; i++) logits[room.penalised[i]] = room.saved[i];
  if (token < 0) return -1;
  *room.told = (Told){power_sum(logits, n, seen.largest), seen.largest, logits[token]};
  return token;
}
