/* SPDX-License-Identifier: Apache-2.0 */
/* Functions whose bits are the same on every machine: only + - * / and roundings of IEEE floats, in a fixed order.
 * numerics.py has their twins in NumPy. */
#pragma once

#include "wasm.h"

/* Several vectors at once, step by step: alone each would wait for every one of its own steps. */
#define EACH _Pragma("clang loop unroll(full)") for (int k = 0; k < count; k++)

/* e^x of `count` vectors, at most four, in their places. Within 2 units in the last place, by Cephes' expf (S. L. Moshier):
 * x = n ln 2 + r, a polynomial in r, and n added to the exponent. Below -87 the result is 0, above 88 it is exp(88). */
INLINE void exp_each(v128_t *x, const int count) {
  v128_t shifted[4], n[4], r[4], p[4];
  EACH r[k] = wasm_f32x4_pmin(x[k], every_f32(88.0f));
  EACH shifted[k] = add_magic(wasm_f32x4_mul(r[k], every_f32(0x1.715476p+0f))), in_order(&shifted[k]);
  EACH n[k] = wasm_f32x4_sub(shifted[k], every_f32(MAGIC)), in_order(&n[k]);
  EACH r[k] = wasm_f32x4_sub(r[k], wasm_f32x4_mul(n[k], every_f32(0.693359375f))), in_order(&r[k]);
  EACH r[k] = wasm_f32x4_sub(r[k], wasm_f32x4_mul(n[k], every_f32(-2.12194440e-4f))), in_order(&r[k]);
  const float coefficients[] = {1.3981999507e-3f, 8.3334519073e-3f, 4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
  EACH p[k] = every_f32(1.9875691500e-4f);
  _Pragma("clang loop unroll(full)") for (int i = 0; i < 5; i++) {
    EACH p[k] = wasm_f32x4_add(wasm_f32x4_mul(p[k], r[k]), every_f32(coefficients[i])), in_order(&p[k]);
  }
  EACH p[k] = wasm_f32x4_mul(p[k], wasm_f32x4_mul(r[k], r[k])), in_order(&p[k]);
  EACH p[k] = wasm_f32x4_add(wasm_f32x4_add(p[k], r[k]), every_f32(1.0f)), in_order(&p[k]);
  EACH {
    const v128_t power = wasm_i32x4_add(wasm_i32x4_shl(shifted[k], 23), every_i32(127 << 23));
    /* Where x is too small, what has been computed means nothing. */
    x[k] = wasm_v128_andnot(wasm_f32x4_mul(p[k], power), wasm_f32x4_lt(x[k], every_f32(-87.0f)));
    in_order(&x[k]);
  }
}

INLINE v128_t exp_f32x4(v128_t x) {
  exp_each(&x, 1);
  return x;
}

/* x / (1 + e^-x), the sigmoid linear unit. */
INLINE v128_t silu_f32x4(v128_t x) {
  return wasm_f32x4_div(x, wasm_f32x4_add(every_f32(1.0f), exp_f32x4(wasm_f32x4_neg(x))));
}

/* x * (1 + tanh(u)) / 2 = x / (1 + e^-2u), with u = sqrt(2 / pi) * (x + 0.044715 x^3) (Hendrycks and Gimpel 2016, arXiv
 * 1606.08415). */
INLINE v128_t gelu_f32x4(v128_t x) {
  const v128_t cubic = wasm_f32x4_mul(wasm_f32x4_mul(x, x), every_f32(0.07135481282f));
  const v128_t twice = wasm_f32x4_mul(x, wasm_f32x4_add(cubic, every_f32(1.595769122f)));
  return wasm_f32x4_div(x, wasm_f32x4_add(every_f32(1.0f), exp_f32x4(wasm_f32x4_neg(twice))));
}

/* x * (1 + erf(x / sqrt(2))) / 2. The error function is within 1.5e-7, by formula 7.1.26 of Abramowitz and Stegun. */
INLINE v128_t gelu_erf_f32x4(v128_t x) {
  const v128_t one = every_f32(1.0f);
  const v128_t z = wasm_f32x4_mul(wasm_f32x4_abs(x), every_f32(0.7071067812f));
  const v128_t t = wasm_f32x4_div(one, wasm_f32x4_add(one, wasm_f32x4_mul(z, every_f32(0.3275911f))));
  v128_t p = every_f32(1.061405429f);
  p = wasm_f32x4_add(wasm_f32x4_mul(p, t), every_f32(-1.453152027f));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, t), every_f32(1.421413741f));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, t), every_f32(-0.284496736f));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, t), every_f32(0.254829592f));
  const v128_t power = exp_f32x4(wasm_f32x4_neg(wasm_f32x4_mul(z, z)));
  const v128_t tail = wasm_f32x4_mul(wasm_f32x4_mul(wasm_f32x4_mul(p, t), power), every_f32(0.5f));
  const v128_t negative = wasm_f32x4_lt(x, wasm_f32x4_const_splat(0.0f));
  return wasm_f32x4_mul(x, wasm_v128_bitselect(tail, wasm_f32x4_sub(one, tail), negative));
}

/* Within 2 units in the last place, by Cephes' tanhf (S. L. Moshier): near zero a polynomial, elsewhere
 * 1 - 2 / (e^2|x| + 1) with x's sign. */
INLINE v128_t tanh_f32x4(v128_t x) {
  const v128_t z = wasm_f32x4_mul(x, x), sign = wasm_v128_and(x, every_i32((int32_t)0x80000000));
  const v128_t magnitude = wasm_f32x4_abs(x);
  v128_t p = every_f32(-5.70498872745e-3f);
  p = wasm_f32x4_add(wasm_f32x4_mul(p, z), every_f32(2.06390887954e-2f));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, z), every_f32(-5.37397155531e-2f));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, z), every_f32(1.33314422036e-1f));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, z), every_f32(-3.33332819422e-1f));
  const v128_t near = wasm_f32x4_add(wasm_f32x4_mul(wasm_f32x4_mul(p, z), x), x);
  const v128_t power = exp_f32x4(wasm_f32x4_add(magnitude, magnitude));
  const v128_t one = every_f32(1.0f);
  const v128_t far = wasm_f32x4_sub(one, wasm_f32x4_div(every_f32(2.0f), wasm_f32x4_add(power, one)));
  return wasm_v128_bitselect(near, wasm_v128_or(far, sign), wasm_f32x4_lt(magnitude, every_f32(0.625f)));
}

/* cap * tanh(x / cap). An infinity becomes a NaN, so that it shows. */
INLINE v128_t softcap_f32x4(v128_t x, v128_t cap) {
  const v128_t bent = wasm_f32x4_mul(tanh_f32x4(wasm_f32x4_div(x, cap)), cap);
  return wasm_f32x4_add(bent, wasm_f32x4_sub(x, x));
}

/* sin and cos of an angle in radians, |angle| < 10^6, by the polynomials of fdlibm (k_sin.c, k_cos.c): pi/2 is taken
 * off in two parts, the first of 33 bits, so that its multiples are exact. */
INLINE void sin_cos(double angle, double *sin_out, double *cos_out) {
  const double n = __builtin_rint(angle * 0.63661977236758134308);
  const double x = (angle - n * 1.57079632673412561417) - n * 6.07710050650619224932e-11;
  const double z = x * x;
  double s = 1.58969099521155010221e-10;
  s = s * z - 2.50507602534068634195e-08;
  s = s * z + 2.75573137070700676789e-06;
  s = s * z - 1.98412698298579493134e-04;
  s = s * z + 8.33333333332248946124e-03;
  s = s * z - 1.66666666666666324348e-01;
  s = x + x * z * s;
  double c = -1.13596475577881948265e-11;
  c = c * z + 2.08757232129817482790e-09;
  c = c * z - 2.75573143513906633035e-07;
  c = c * z + 2.48015872894767294178e-05;
  c = c * z - 1.38888888888741095749e-03;
  c = c * z + 4.16666666666666019037e-02;
  c = 1.0 - 0.5 * z + z * z * c;
  const int quadrant = (int)n & 3;
  const double sine = quadrant & 1 ? c : s;
  const double cosine = quadrant & 1 ? s : c;
  *sin_out = quadrant & 2 ? -sine : sine;
  *cos_out = (quadrant == 1 || quadrant == 2) ? -cosine : cosine;
}
