#include "sha256.h"

/* FIPS 180-4 section 4.2.2: fractional parts of the cube roots of the first 64 primes. */
static const uint32_t K[64] = {
    0x428A2F98u, 0x71374491u, 0xB5C0FBCFu, 0xE9B5DBA5u, 0x3956C25Bu, 0x59F111F1u, 0x923F82A4u, 0xAB1C5ED5u,
    0xD807AA98u, 0x12835B01u, 0x243185BEu, 0x550C7DC3u, 0x72BE5D74u, 0x80DEB1FEu, 0x9BDC06A7u, 0xC19BF174u,
    0xE49B69C1u, 0xEFBE4786u, 0x0FC19DC6u, 0x240CA1CCu, 0x2DE92C6Fu, 0x4A7484AAu, 0x5CB0A9DCu, 0x76F988DAu,
    0x983E5152u, 0xA831C66Du, 0xB00327C8u, 0xBF597FC7u, 0xC6E00BF3u, 0xD5A79147u, 0x06CA6351u, 0x14292967u,
    0x27B70A85u, 0x2E1B2138u, 0x4D2C6DFCu, 0x53380D13u, 0x650A7354u, 0x766A0ABBu, 0x81C2C92Eu, 0x92722C85u,
    0xA2BFE8A1u, 0xA81A664Bu, 0xC24B8B70u, 0xC76C51A3u, 0xD192E819u, 0xD6990624u, 0xF40E3585u, 0x106AA070u,
    0x19A4C116u, 0x1E376C08u, 0x2748774Cu, 0x34B0BCB5u, 0x391C0CB3u, 0x4ED8AA4Au, 0x5B9CCA4Fu, 0x682E6FF3u,
    0x748F82EEu, 0x78A5636Fu, 0x84C87814u, 0x8CC70208u, 0x90BEFFFAu, 0xA4506CEBu, 0xBEF9A3F7u, 0xC67178F2u};

/* Section 5.3.3: fractional parts of the square roots of the first 8 primes. */
static const uint32_t START[8] = {0x6A09E667u, 0xBB67AE85u, 0x3C6EF372u, 0xA54FF53Au,
                                  0x510E527Fu, 0x9B05688Cu, 0x1F83D9ABu, 0x5BE0CD19u};

static uint32_t rotated(uint32_t x, uint32_t n) { return (x >> n) | (x << (32u - n)); }

static void expand(uint32_t w[64], const uint8_t block[64]) {
    for (uint32_t i = 0u; i < 16u; i++) {
        const uint8_t *const b = &block[4u * (size_t)i];
        w[i] = ((uint32_t)b[0] << 24) | ((uint32_t)b[1] << 16) | ((uint32_t)b[2] << 8) | b[3];
    }
    for (uint32_t i = 16u; i < 64u; i++) {
        const uint32_t s0 = rotated(w[i - 15u], 7u) ^ rotated(w[i - 15u], 18u) ^ (w[i - 15u] >> 3);
        const uint32_t s1 = rotated(w[i - 2u], 17u) ^ rotated(w[i - 2u], 19u) ^ (w[i - 2u] >> 10);
        w[i] = w[i - 16u] + s0 + w[i - 7u] + s1;
    }
}

static void compress(uint32_t state[8], const uint8_t block[64]) {
    uint32_t w[64];
    expand(w, block);
    uint32_t a = state[0];
    uint32_t b = state[1];
    uint32_t c = state[2];
    uint32_t d = state[3];
    uint32_t e = state[4];
    uint32_t f = state[5];
    uint32_t g = state[6];
    uint32_t h = state[7];
    for (uint32_t i = 0u; i < 64u; i++) {
        const uint32_t s1 = rotated(e, 6u) ^ rotated(e, 11u) ^ rotated(e, 25u);
        const uint32_t t1 = h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i];
        const uint32_t s0 = rotated(a, 2u) ^ rotated(a, 13u) ^ rotated(a, 22u);
        const uint32_t t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
    state[4] += e;
    state[5] += f;
    state[6] += g;
    state[7] += h;
}

void sha256_start(sha256 *hash) {
    for (uint32_t i = 0u; i < 8u; i++) {
        hash->state[i] = START[i];
    }
    hash->n_bytes = 0u;
}

void sha256_update(sha256 *hash, const uint8_t *bytes, size_t n_bytes) {
    for (size_t i = 0u; i < n_bytes; i++) {
        hash->block[hash->n_bytes % 64u] = bytes[i];
        hash->n_bytes++;
        if ((hash->n_bytes % 64u) == 0u) {
            compress(hash->state, hash->block);
        }
    }
}

void sha256_finish(sha256 *hash, uint8_t digest[32]) {
    const uint64_t n_bits = hash->n_bytes * 8u;
    const uint8_t one = 0x80u;
    const uint8_t zero = 0u;
    sha256_update(hash, &one, 1);
    while ((hash->n_bytes % 64u) != 56u) {
        sha256_update(hash, &zero, 1);
    }
    for (uint32_t i = 0u; i < 8u; i++) {
        const uint32_t shift = 56u - (8u * i);
        const uint8_t byte = (uint8_t)((n_bits >> shift) & 0xFFu);
        sha256_update(hash, &byte, 1);
    }
    for (uint32_t i = 0u; i < 32u; i++) {
        digest[i] = (uint8_t)((hash->state[i / 4u] >> (24u - (8u * (i % 4u)))) & 0xFFu);
    }
}
