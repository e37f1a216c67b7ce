/* SHA-256 (FIPS 180-4). */
#ifndef SONO_SHA256_H
#define SONO_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct sha256 {
    uint32_t state[8];
    uint64_t n_bytes;
    uint8_t block[64];
} sha256;

void sha256_start(sha256 *hash);
void sha256_update(sha256 *hash, const uint8_t *bytes, size_t n_bytes);
void sha256_finish(sha256 *hash, uint8_t digest[32]);

#endif
