/* SPDX-License-Identifier: Apache-2.0 */
/* Rotary position embeddings (Su et al. 2021, arXiv 2104.09864). */
#include "rope.h"
#include "include/math.h"

/* angles[token][pair] = magnitude * (cos, sin) of (position + token) * frequency[pair], tokens [begin, end). */
void rope_angles(float *angles, const double *frequencies, double magnitude, uint32_t pairs, uint32_t position, uint32_t begin,
                 uint32_t end) {
  for (uint32_t t = begin; t < end; t++)
    for (uint32_t i = 0; i < pairs; i++) {
      double sine, cosine;
      sin_cos((double)(position + t) * frequencies[i], &sine, &cosine);
      angles[2 * ((size_t)t * pairs + i)] = (float)(cosine * magnitude);
      angles[2 * ((size_t)t * pairs + i) + 1] = (float)(sine * magnitude);
    }
}

/* Rotate the first `rotated` elements of each head of x[tokens][heads][head_dim]; element 2 i goes with 2 i + 1, or, in
 * the NeoX layout, i with i + rotated / 2. The rest is copied. Tokens [begin, end). */
void rope(float *y, const float *x, const float *angles, int neox_layout, uint32_t heads, uint32_t head_dim, uint32_t rotated,
          uint32_t begin, uint32_t end) {
  const uint32_t pairs = rotated / 2;
  for (uint32_t t = begin; t < end; t++)
    for (uint32_t h = 0; h < heads; h++) {
      const float *from = x + ((size_t)t * heads + h) * head_dim;
      float *to = y + ((size_t)t * heads + h) * head_dim;
      for (uint32_t i = 0; i < pairs; i++) {
        const float cosine = angles[2 * ((size_t)t * pairs + i)], sine = angles[2 * ((size_t)t * pairs + i) + 1];
        const uint32_t first = neox_layout ? i : 2 * i, second = neox_layout ? i + pairs : 2 * i + 1;
        const float a = from[first], b = from[second];
        to[first] = a * cosine - b * sine;
        to[second] = a * sine + b * cosine;
      }
      for (uint32_t i = rotated; i < head_dim; i++) to[i] = from[i];
    }
}
