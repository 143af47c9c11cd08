/* SPDX-License-Identifier: Apache-2.0 */
/* Block types by the numbers that GGUF gives them, and what the kernels can do with each. */
#pragma once

#include "include/program.h"

void matmul(uint32_t type, const Matmul *m);
void get_row(uint32_t type, const uint8_t *w, uint32_t row, uint32_t n, uint32_t k, float *y);
void interleave(uint32_t type, uint8_t *w, uint8_t *scratch, uint32_t n, uint32_t k);
