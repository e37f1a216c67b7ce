#include "bench.h"

#include "messages.h"

void bench_receive(deframer *side, const uint8_t *bytes, size_t n_bytes, device *probe, uint32_t now_us) {
    for (size_t i = 0u; i < n_bytes; i++) {
        size_t n_payload;
        message_stimulate wanted;
        if ((deframer_take(side, bytes[i], &n_payload) == DEFRAMER_FRAME) &&
            (side->block[0] == MESSAGE_STIMULATE) && unpack_stimulate(&wanted, &side->block[1], n_payload - 1u)) {
            device_stimulate(probe, wanted.stimulus, wanted.value, now_us);
        }
    }
}
