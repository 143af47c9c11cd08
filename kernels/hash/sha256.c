/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 (FIPS 180-4) of bytes in the arena.
 *
 * In: a state of sha256_state_size() bytes, 8-byte aligned, and any number of updates. Out: 32 bytes. Messages of
 * 2^61 bytes and more are beyond it. The message schedule is computed four words at a time; the rounds are scalar,
 * because each needs the one before.
 */
#include "include/wasm.h"

typedef struct {
  uint32_t hash[8];
  uint64_t length; /* bytes taken so far */
  uint8_t block[64];
} sha256_state;

static const uint32_t ROUND_CONSTANTS[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static const uint32_t INITIAL_HASH[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

INLINE uint32_t rotate(uint32_t x, int n) { return x >> n | x << (32 - n); }

INLINE v128_t rotate4(v128_t x, int n) { return wasm_v128_or(wasm_u32x4_shr(x, n), wasm_i32x4_shl(x, 32 - n)); }

/* Four big-endian words. */
INLINE v128_t load_words(const uint8_t *p) {
  const v128_t v = load(p);
  return wasm_i8x16_shuffle(v, v, 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
}

INLINE v128_t small_sigma0(v128_t x) {
  return wasm_v128_xor(wasm_v128_xor(rotate4(x, 7), rotate4(x, 18)), wasm_u32x4_shr(x, 3));
}

INLINE v128_t small_sigma1(v128_t x) {
  return wasm_v128_xor(wasm_v128_xor(rotate4(x, 17), rotate4(x, 19)), wasm_u32x4_shr(x, 10));
}

/* The next four words of the schedule from the last sixteen. The upper two need the lower two, so that
 * sigma1 is taken twice, each time of one half. */
INLINE v128_t next_words(v128_t w0, v128_t w4, v128_t w8, v128_t w12) {
  const v128_t zero = wasm_i32x4_const_splat(0);
  const v128_t w1 = wasm_i32x4_shuffle(w0, w4, 1, 2, 3, 4);
  const v128_t w9 = wasm_i32x4_shuffle(w8, w12, 1, 2, 3, 4);
  const v128_t part = wasm_i32x4_add(wasm_i32x4_add(w0, small_sigma0(w1)), w9);
  const v128_t low = wasm_i32x4_add(part, small_sigma1(wasm_i32x4_shuffle(w12, zero, 2, 3, 4, 4)));
  return wasm_i32x4_add(low, small_sigma1(wasm_i32x4_shuffle(zero, low, 0, 0, 4, 5)));
}

#define ROUND(a, b, c, d, e, f, g, h, wk)                                                        \
  do {                                                                                           \
    const uint32_t t = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + (g ^ (e & (f ^ g))) + (wk); \
    d += t;                                                                                      \
    h = t + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) | (c & (a | b)));          \
  } while (0)

/* Four rounds on the words w; after them a..h stand four places further. */
#define FOUR_ROUNDS(a, b, c, d, e, f, g, h, w, i)                                                \
  do {                                                                                           \
    const v128_t wk = wasm_i32x4_add(w, load(ROUND_CONSTANTS + (i)));                            \
    ROUND(a, b, c, d, e, f, g, h, (uint32_t)wasm_i32x4_extract_lane(wk, 0));                     \
    ROUND(h, a, b, c, d, e, f, g, (uint32_t)wasm_i32x4_extract_lane(wk, 1));                     \
    ROUND(g, h, a, b, c, d, e, f, (uint32_t)wasm_i32x4_extract_lane(wk, 2));                     \
    ROUND(f, g, h, a, b, c, d, e, (uint32_t)wasm_i32x4_extract_lane(wk, 3));                     \
  } while (0)

#define SIXTEEN_ROUNDS(i)                                                                        \
  do {                                                                                           \
    FOUR_ROUNDS(a, b, c, d, e, f, g, h, w0, (i));                                                \
    FOUR_ROUNDS(e, f, g, h, a, b, c, d, w4, (i) + 4);                                            \
    FOUR_ROUNDS(a, b, c, d, e, f, g, h, w8, (i) + 8);                                            \
    FOUR_ROUNDS(e, f, g, h, a, b, c, d, w12, (i) + 12);                                          \
  } while (0)

static void take_blocks(uint32_t hash[8], const uint8_t *data, size_t n_blocks) {
  for (; n_blocks > 0; n_blocks--, data += 64) {
    v128_t w0 = load_words(data), w4 = load_words(data + 16), w8 = load_words(data + 32), w12 = load_words(data + 48);
    uint32_t a = hash[0], b = hash[1], c = hash[2], d = hash[3];
    uint32_t e = hash[4], f = hash[5], g = hash[6], h = hash[7];
    SIXTEEN_ROUNDS(0);
    for (int i = 16; i < 64; i += 16) {
      w0 = next_words(w0, w4, w8, w12);
      w4 = next_words(w4, w8, w12, w0);
      w8 = next_words(w8, w12, w0, w4);
      w12 = next_words(w12, w0, w4, w8);
      SIXTEEN_ROUNDS(i);
    }
    hash[0] += a, hash[1] += b, hash[2] += c, hash[3] += d;
    hash[4] += e, hash[5] += f, hash[6] += g, hash[7] += h;
  }
}

EXPORT(sha256_state_size) uint32_t sha256_state_size(void) { return sizeof(sha256_state); }

EXPORT(sha256_init) void sha256_init(sha256_state *state) {
  for (int i = 0; i < 8; i++) state->hash[i] = INITIAL_HASH[i];
  state->length = 0;
}

EXPORT(sha256_update) void sha256_update(sha256_state *state, const uint8_t *data, size_t n) {
  size_t held = state->length & 63;
  state->length += n;
  if (held > 0) {
    while (held < 64 && n > 0) state->block[held++] = *data++, n--;
    if (held < 64) return;
    take_blocks(state->hash, state->block, 1);
  }
  take_blocks(state->hash, data, n / 64);
  data += n & ~(size_t)63;
  for (size_t i = 0; i < (n & 63); i++) state->block[i] = data[i];
}

EXPORT(sha256_final) void sha256_final(sha256_state *state, uint8_t *out) {
  size_t held = state->length & 63;
  const uint64_t bits = state->length << 3;
  state->block[held++] = 0x80;
  if (held > 56) {
    while (held < 64) state->block[held++] = 0;
    take_blocks(state->hash, state->block, 1);
    held = 0;
  }
  while (held < 56) state->block[held++] = 0;
  for (int i = 0; i < 8; i++) state->block[56 + i] = (uint8_t)(bits >> (56 - 8 * i));
  take_blocks(state->hash, state->block, 1);
  for (int i = 0; i < 32; i++) out[i] = (uint8_t)(state->hash[i / 4] >> (24 - 8 * (i & 3)));
}
