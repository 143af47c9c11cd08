/* SPDX-License-Identifier: Apache-2.0 */
/* DRY: whatever would go on with a sequence that the text has had before becomes less likely, the more the longer the
 * sequence is. The twin of sampling/dry.py, to the bit. */
#pragma once

#include "items.h"

#define LONGEST_MATCH 50u
#define LARGEST_DRY_PENALTY 0x1p20f /* no logit of a model's is near it, and none becomes infinite by it */

typedef struct {
  float multiplier, base;
  uint32_t allowed_length;
} Dry;

/* How many tokens before i, that one included, are the same as those at the end; an id of n or more is the same as none. */
INLINE uint32_t match_length(const uint32_t *history, uint32_t last, uint32_t i, uint32_t n) {
  uint32_t length = 0;
  while (length < LONGEST_MATCH && length <= i && history[last - length] < n && history[i - length] == history[last - length]) {
    length++;
  }
  return length;
}

INLINE float dry_penalty(Dry dry, uint32_t length) {
  float penalty = dry.multiplier;
  for (uint32_t k = dry.allowed_length; k < length; k++) penalty = penalty * dry.base;
  return penalty < LARGEST_DRY_PENALTY ? penalty : LARGEST_DRY_PENALTY;
}

/* Changes the logits of tokens that would go on with a match; lists them, each once, with the bits of their logits from before.
 * Returns how many. `longest` has room for n numbers, `changed` for `count` items. */
static uint32_t apply_dry(float *logits, uint32_t n, const uint32_t *history, uint32_t count, Dry dry, uint32_t *longest,
                          Item *changed) {
  if (count < 2) return 0;
  const uint32_t last = count - 1;
  for (uint32_t i = 0; i < last; i++) {
    if (history[i + 1] < n) longest[history[i + 1]] = 0;
  }
  uint32_t found = 0;
  for (uint32_t i = 0; i < last; i++) {
    const uint32_t token = history[i + 1];
    if (token >= n) continue;
    const uint32_t length = match_length(history, last, i, n);
    if (length == 0 || length < dry.allowed_length) continue;
    if (longest[token] == 0) changed[found++] = (Item){__builtin_bit_cast(uint32_t, logits[token]), token};
    if (longest[token] < length) longest[token] = length;
  }
  for (uint32_t k = 0; k < found; k++) {
    const uint32_t token = changed[k].index;
    logits[token] = logits[token] - dry_penalty(dry, longest[token]);
  }
  return found;
}
