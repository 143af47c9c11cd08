/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "include/program.h"

void quantise_blocks(const float *x, void *q, ActivationBlock *blocks, int is_int16, uint32_t begin, uint32_t end);
