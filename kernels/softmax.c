/* Softmax over a whole vocabulary, for sampling. The twin of softmax.py's NumpySoftmax, to the bit: exp is the same, and sums
 * run from the first element to the last, for that is the order in which candle and NumPy's accumulate add. */
#include "math.h"

INLINE float largest_of(const float *x, uint32_t n) {
  v128_t lanes = wasm_f32x4_splat(x[0]);
  const uint32_t whole = n / 4 * 4;
  for (uint32_t i = 0; i < whole; i += 4) lanes = wasm_f32x4_pmax(lanes, load(x + i));
  for (uint32_t i = whole; i < n; i++) lanes = wasm_f32x4_pmax(lanes, wasm_f32x4_splat(x[i]));
  lanes = wasm_f32x4_pmax(lanes, wasm_i32x4_shuffle(lanes, lanes, 2, 3, 0, 1));
  return wasm_f32x4_extract_lane(wasm_f32x4_pmax(lanes, wasm_i32x4_shuffle(lanes, lanes, 1, 0, 3, 2)), 0);
}

/* x = e^(x - max x) / sum of all of these, in place; x has room for n rounded up to four. No x is NaN. */
EXPORT(probabilities) void probabilities(float *x, uint32_t n) {
  const v128_t largest = wasm_f32x4_splat(largest_of(x, n));
  float sum = 0.0f;
  for (uint32_t i = 0; i < n; i += 4) {
    const v128_t e = exp_f32x4(wasm_f32x4_sub(load(x + i), largest));
    store(x + i, e);
    for (uint32_t k = i; k < i + 4 && k < n; k++) sum = sum + x[k];
  }
  const v128_t divisor = wasm_f32x4_splat(sum);
  for (uint32_t i = 0; i < n; i += 4) store(x + i, wasm_f32x4_div(load(x + i), divisor));
}

/* The sum of e^(x - max x) in double precision -> *result. */
EXPORT(power_sum) void power_sum(const float *x, uint32_t n, double *result) {
  const v128_t largest = wasm_f32x4_splat(largest_of(x, n));
  double sum = 0.0;
  for (uint32_t i = 0; i < n; i += 4) {
    float e[4];
    store(e, exp_f32x4(wasm_f32x4_sub(load(x + i), largest)));
    for (uint32_t k = 0; k < 4 && i + k < n; k++) sum = sum + (double)e[k];
  }
  *result = sum;
}
