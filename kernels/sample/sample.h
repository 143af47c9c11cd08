/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "include/wasm.h"

/* The probabilities of n logits, each times `factor` -> x, which may be the logits, with room for whole vectors. Returns the
 * largest one, or 0 where the factor makes a logit infinite. */
float probabilities(const float *logits, uint32_t n, float factor, float *x);
