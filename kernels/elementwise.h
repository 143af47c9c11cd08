#pragma once

#include "program.h"

void rms_norm(float *y, const float *x, const float *weight, float epsilon, uint32_t n, uint32_t begin, uint32_t end);
void silu_gate(float *y, const float *gate, const float *up, uint32_t begin, uint32_t end);
void add(float *y, const float *a, const float *b, uint32_t begin, uint32_t end);
