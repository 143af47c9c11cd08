/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "include/program.h"

void rope_angles(float *angles, const double *frequencies, double magnitude, uint32_t pairs, uint32_t position, uint32_t begin,
                 uint32_t end);
void rope(float *y, const float *x, const float *angles, int neox_layout, uint32_t heads, uint32_t head_dim, uint32_t rotated,
          uint32_t begin, uint32_t end);
