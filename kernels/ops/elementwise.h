/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "include/program.h"

void rms_norm(float *y, const float *x, const float *weight, float epsilon, uint32_t n, uint32_t begin, uint32_t end);
void layer_norm(float *y, const float *x, const float *weight, const float *bias, float epsilon, uint32_t n, uint32_t begin,
                uint32_t end);
void unit(float *y, const float *x, uint32_t n, uint32_t begin, uint32_t end);
void silu_gate(float *y, const float *gate, const float *up, uint32_t begin, uint32_t end);
void gelu_gate(float *y, const float *gate, const float *up, uint32_t begin, uint32_t end);
void add(float *y, const float *a, const float *b, uint32_t begin, uint32_t end);
void gelu(float *y, const float *x, float unused, uint32_t begin, uint32_t end);
void gelu_erf(float *y, const float *x, float unused, uint32_t begin, uint32_t end);
void relu(float *y, const float *x, float unused, uint32_t begin, uint32_t end);
void softcap(float *y, const float *x, float cap, uint32_t begin, uint32_t end);
void scale(float *y, const float *x, float factor, uint32_t begin, uint32_t end);
void add_row(float *y, const float *x, const float *row, uint32_t n, uint32_t begin, uint32_t end);
void mean_rows(float *y, const float *x, uint32_t rows, uint32_t n, uint32_t begin, uint32_t end);
