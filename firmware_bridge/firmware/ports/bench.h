/* The side channel of a simulated probe: frames as on the line, whose payload is one `stimulate` message. */
#ifndef SONO_BENCH_H
#define SONO_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "device.h"

#define BENCH_BLOCK_BYTES 16u

typedef struct bench {
    uint8_t block[BENCH_BLOCK_BYTES];
    size_t n_block;
} bench;

/* Hands each whole stimulus to the device; anything else is dropped. */
void bench_receive(bench *side, const uint8_t *bytes, size_t n_bytes, device *probe, uint32_t now_us);

#endif
