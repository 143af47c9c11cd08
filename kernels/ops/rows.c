/* SPDX-License-Identifier: Apache-2.0 */
/* What is done with whole rows: of layer normalisation, of biases, of pooling. Sums over columns add up in four lanes (column
 * modulo 4), then the lanes, then the columns after the last whole four; sums over rows from the first row on. */
#include "elementwise.h"

/* The sum of (x - offset)^power over n columns, power 1 or 2. */
INLINE float sum_of(const float *x, float offset, uint32_t n, const int power) {
  const uint32_t whole = n / 4 * 4;
  const v128_t offsets = wasm_f32x4_splat(offset);
  v128_t lanes = wasm_f32x4_const_splat(0.0f);
  for (uint32_t i = 0; i < whole; i += 4) {
    const v128_t v = wasm_f32x4_sub(load(x + i), offsets);
    lanes = wasm_f32x4_add(lanes, power == 2 ? wasm_f32x4_mul(v, v) : v);
  }
  float sum = sum_lanes(lanes);
  for (uint32_t i = whole; i < n; i++) {
    const float v = x[i] - offset;
    sum = sum + (power == 2 ? v * v : v);
  }
  return sum;
}

/* y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias, rows [begin, end) of n columns (Ba, Kiros and Hinton 2016,
 * arXiv 1607.06450). Where the squares overflow y is NaN, not the bias, so that the run stops. */
void layer_norm(float *y, const float *x, const float *weight, const float *bias, float epsilon, uint32_t n, uint32_t begin,
                uint32_t end) {
  for (uint32_t row = begin; row < end; row++) {
    const float *from = x + (size_t)row * n;
    float *to = y + (size_t)row * n;
    const float mean = sum_of(from, 0.0f, n, 1) / (float)n;
    const float sum = sum_of(from, mean, n, 2);
    const float factor = sum < __builtin_inff() ? 1.0f / __builtin_sqrtf(sum / (float)n + epsilon) : __builtin_nanf("");
    for (uint32_t i = 0; i < n; i++) to[i] = (from[i] - mean) * factor * weight[i] + bias[i];
  }
}

/* y = x / |x|, rows [begin, end) of n columns; a row shorter than 1e-12 is divided by that. NaN where the squares overflow. */
void unit(float *y, const float *x, uint32_t n, uint32_t begin, uint32_t end) {
  for (uint32_t row = begin; row < end; row++) {
    const float *from = x + (size_t)row * n;
    const float sum = sum_of(from, 0.0f, n, 2);
    const float length = __builtin_sqrtf(sum);
    const float divisor = sum < __builtin_inff() ? (length > 1e-12f ? length : 1e-12f) : __builtin_nanf("");
    for (uint32_t i = 0; i < n; i++) y[(size_t)row * n + i] = from[i] / divisor;
  }
}

/* y = x + row, rows [begin, end) of n columns. */
void add_row(float *y, const float *x, const float *row, uint32_t n, uint32_t begin, uint32_t end) {
  for (uint32_t t = begin; t < end; t++)
    for (uint32_t i = 0; i < n; i++) y[(size_t)t * n + i] = x[(size_t)t * n + i] + row[i];
}

/* y[n] = the mean of the rows of x[rows][n], columns [begin, end). */
void mean_rows(float *y, const float *x, uint32_t rows, uint32_t n, uint32_t begin, uint32_t end) {
  for (uint32_t i = begin; i < end; i++) y[i] = x[i];
  for (uint32_t t = 1; t < rows; t++)
    for (uint32_t i = begin; i < end; i++) y[i] = y[i] + x[(size_t)t * n + i];
  for (uint32_t i = begin; i < end; i++) y[i] = y[i] / (float)rows;
}
