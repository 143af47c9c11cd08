/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "include/program.h"

void quantize_blocks(const float *x, void *q, ActivationBlock *blocks, int wide, uint32_t begin, uint32_t end);
