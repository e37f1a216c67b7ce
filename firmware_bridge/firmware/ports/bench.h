/* The side channel of a simulated probe: frames as on the line, whose payload is one Stimulate message (id, stimulus,
   value), without a link header. */
#ifndef SONO_BENCH_H
#define SONO_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include "device.h"
#include "framing.h"

/* Hands each whole stimulus to the device; anything else is dropped. */
void bench_receive(deframer *side, const uint8_t *bytes, size_t n_bytes, device *probe, uint32_t now_us);

#endif
