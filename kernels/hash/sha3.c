/* SPDX-License-Identifier: Apache-2.0 */
/* SHA3-256 (FIPS 202) of bytes in the arena.
 *
 * In: a state of sha3_256_state_size() bytes, 8-byte aligned, and any number of updates. Out: 32 bytes. The 25 lanes
 * of the sponge stay in local variables through all 24 rounds.
 */
#include "include/wasm.h"

enum { RATE = 136, RATE_LANES = RATE / 8 };

typedef struct {
  uint64_t lanes[25];
  uint32_t held; /* bytes of the current block that are in already */
} sha3_256_state;

static const uint64_t ROUND_CONSTANTS[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
};

INLINE uint64_t rotate(uint64_t x, int n) { return n == 0 ? x : x << n | x >> (64 - n); }

/* One row of chi, and where rho and pi bring its lanes from: b_x = rotate(s[from] ^ d, by). */
#define ROW(out, s0, d0, r0, s1, d1, r1, s2, d2, r2, s3, d3, r3, s4, d4, r4)                          \
  do {                                                                                                \
    const uint64_t b0 = rotate(s0 ^ d0, r0), b1 = rotate(s1 ^ d1, r1), b2 = rotate(s2 ^ d2, r2);      \
    const uint64_t b3 = rotate(s3 ^ d3, r3), b4 = rotate(s4 ^ d4, r4);                                \
    out##0 = b0 ^ (~b1 & b2), out##1 = b1 ^ (~b2 & b3), out##2 = b2 ^ (~b3 & b4);                     \
    out##3 = b3 ^ (~b4 & b0), out##4 = b4 ^ (~b0 & b1);                                               \
  } while (0)

/* A round from the lanes s, named by row and column (s_21 is row 2, column 1), to the lanes t. */
#define ROUND(s, t, constant)                                                                         \
  do {                                                                                                \
    const uint64_t c0 = s##00 ^ s##10 ^ s##20 ^ s##30 ^ s##40, c1 = s##01 ^ s##11 ^ s##21 ^ s##31 ^ s##41; \
    const uint64_t c2 = s##02 ^ s##12 ^ s##22 ^ s##32 ^ s##42, c3 = s##03 ^ s##13 ^ s##23 ^ s##33 ^ s##43; \
    const uint64_t c4 = s##04 ^ s##14 ^ s##24 ^ s##34 ^ s##44;                                        \
    const uint64_t d0 = c4 ^ rotate(c1, 1), d1 = c0 ^ rotate(c2, 1), d2 = c1 ^ rotate(c3, 1);         \
    const uint64_t d3 = c2 ^ rotate(c4, 1), d4 = c3 ^ rotate(c0, 1);                                  \
    ROW(t##0, s##00, d0, 0, s##11, d1, 44, s##22, d2, 43, s##33, d3, 21, s##44, d4, 14);              \
    ROW(t##1, s##03, d3, 28, s##14, d4, 20, s##20, d0, 3, s##31, d1, 45, s##42, d2, 61);              \
    ROW(t##2, s##01, d1, 1, s##12, d2, 6, s##23, d3, 25, s##34, d4, 8, s##40, d0, 18);                \
    ROW(t##3, s##04, d4, 27, s##10, d0, 36, s##21, d1, 10, s##32, d2, 15, s##43, d3, 56);             \
    ROW(t##4, s##02, d2, 62, s##13, d3, 55, s##24, d4, 39, s##30, d0, 41, s##41, d1, 2);              \
    t##00 ^= (constant);                                                                              \
  } while (0)

static void permute(uint64_t lanes[25]) {
  uint64_t a00 = lanes[0], a01 = lanes[1], a02 = lanes[2], a03 = lanes[3], a04 = lanes[4];
  uint64_t a10 = lanes[5], a11 = lanes[6], a12 = lanes[7], a13 = lanes[8], a14 = lanes[9];
  uint64_t a20 = lanes[10], a21 = lanes[11], a22 = lanes[12], a23 = lanes[13], a24 = lanes[14];
  uint64_t a30 = lanes[15], a31 = lanes[16], a32 = lanes[17], a33 = lanes[18], a34 = lanes[19];
  uint64_t a40 = lanes[20], a41 = lanes[21], a42 = lanes[22], a43 = lanes[23], a44 = lanes[24];
  uint64_t e00, e01, e02, e03, e04, e10, e11, e12, e13, e14, e20, e21, e22, e23, e24;
  uint64_t e30, e31, e32, e33, e34, e40, e41, e42, e43, e44;
  for (int i = 0; i < 24; i += 2) {
    ROUND(a, e, ROUND_CONSTANTS[i]);
    ROUND(e, a, ROUND_CONSTANTS[i + 1]);
  }
  lanes[0] = a00, lanes[1] = a01, lanes[2] = a02, lanes[3] = a03, lanes[4] = a04;
  lanes[5] = a10, lanes[6] = a11, lanes[7] = a12, lanes[8] = a13, lanes[9] = a14;
  lanes[10] = a20, lanes[11] = a21, lanes[12] = a22, lanes[13] = a23, lanes[14] = a24;
  lanes[15] = a30, lanes[16] = a31, lanes[17] = a32, lanes[18] = a33, lanes[19] = a34;
  lanes[20] = a40, lanes[21] = a41, lanes[22] = a42, lanes[23] = a43, lanes[24] = a44;
}

/* Mix one byte into the sponge; lanes are little-endian, as the machine is. */
INLINE void absorb_byte(sha3_256_state *state, uint8_t byte) {
  ((uint8_t *)state->lanes)[state->held++] ^= byte;
  if (state->held == RATE) permute(state->lanes), state->held = 0;
}

EXPORT(sha3_256_state_size) uint32_t sha3_256_state_size(void) { return sizeof(sha3_256_state); }

EXPORT(sha3_256_init) void sha3_256_init(sha3_256_state *state) {
  for (int i = 0; i < 25; i++) state->lanes[i] = 0;
  state->held = 0;
}

EXPORT(sha3_256_update) void sha3_256_update(sha3_256_state *state, const uint8_t *data, size_t n) {
  for (; n > 0 && state->held > 0; n--) absorb_byte(state, *data++);
  for (; n >= RATE; n -= RATE, data += RATE) {
    for (int i = 0; i < RATE_LANES; i++) {
      uint64_t lane;
      __builtin_memcpy(&lane, data + 8 * i, 8);
      state->lanes[i] ^= lane;
    }
    permute(state->lanes);
  }
  for (; n > 0; n--) absorb_byte(state, *data++);
}

EXPORT(sha3_256_final) void sha3_256_final(sha3_256_state *state, uint8_t *out) {
  uint8_t *bytes = (uint8_t *)state->lanes;
  bytes[state->held] ^= 0x06; /* the suffix of SHA-3 and the padding's first bit */
  bytes[RATE - 1] ^= 0x80;
  permute(state->lanes);
  for (int i = 0; i < 32; i++) out[i] = bytes[i];
}
