/* Functions whose bits are the same on every machine: only + - * / and roundings of IEEE floats, in a fixed order.
 * numerics.py has their twins in NumPy. */
#pragma once

#include "wasm.h"

/* e^x within 2 units in the last place, by Cephes' expf (S. L. Moshier): x = n ln 2 + r, a polynomial in r, and n added
 * to the exponent. Below -87 the result is 0, above 88 it is exp(88). */
INLINE v128_t exp_f32x4(v128_t x) {
  const v128_t clamped = wasm_f32x4_pmin(x, every_f32(88.0f));
  const v128_t shifted = add_magic(wasm_f32x4_mul(clamped, every_f32(0x1.715476p+0f)));
  const v128_t n = wasm_f32x4_sub(shifted, every_f32(MAGIC));
  v128_t r = wasm_f32x4_sub(clamped, wasm_f32x4_mul(n, every_f32(0.693359375f)));
  r = wasm_f32x4_sub(r, wasm_f32x4_mul(n, every_f32(-2.12194440e-4f)));
  v128_t p = every_f32(1.9875691500e-4f);
  p = wasm_f32x4_add(wasm_f32x4_mul(p, r), every_f32(1.3981999507e-3f));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, r), every_f32(8.3334519073e-3f));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, r), every_f32(4.1665795894e-2f));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, r), every_f32(1.6666665459e-1f));
  p = wasm_f32x4_add(wasm_f32x4_mul(p, r), every_f32(5.0000001201e-1f));
  const v128_t y = wasm_f32x4_add(wasm_f32x4_add(wasm_f32x4_mul(p, wasm_f32x4_mul(r, r)), r), every_f32(1.0f));
  const v128_t power = wasm_i32x4_add(wasm_i32x4_shl(shifted, 23), every_i32(127 << 23));
  /* Where x is too small, what has been computed means nothing. */
  return wasm_v128_andnot(wasm_f32x4_mul(y, power), wasm_f32x4_lt(x, every_f32(-87.0f)));
}

/* x / (1 + e^-x), the sigmoid linear unit. */
INLINE v128_t silu_f32x4(v128_t x) {
  return wasm_f32x4_div(x, wasm_f32x4_add(every_f32(1.0f), exp_f32x4(wasm_f32x4_neg(x))));
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
