/* Framing: what is packed is what comes out, whatever came before it on the line. */
#include "framing.h"

#include <string.h>

#include "harness.h"

#define RUN_BYTES 254u

static size_t pack(const uint8_t *payload, size_t n_payload, size_t split, uint8_t *frame) {
    frame_writer writer;
    size_t n_frame;
    frame_begin(&writer, frame);
    frame_add(&writer, payload, split);
    frame_add(&writer, &payload[split], n_payload - split);
    n_frame = frame_end(&writer);
    HOLDS(n_frame <= n_payload + FRAME_CRC_BYTES + ((n_payload + FRAME_CRC_BYTES) / RUN_BYTES) + 2u);
    HOLDS(memchr(frame, 0, n_frame) == &frame[n_frame - 1u]);
    return n_frame;
}

/* What a frame gives at its last byte; before it nothing. */
static void comes_out(deframer *line, const uint8_t *frame, size_t n_frame, const uint8_t *payload, size_t n_payload) {
    size_t n_out = 0u;
    for (size_t i = 0u; i + 1u < n_frame; i++) {
        HOLDS(deframer_take(line, frame[i], &n_out) == DEFRAMER_WAITS);
    }
    HOLDS(deframer_take(line, frame[n_frame - 1u], &n_out) == DEFRAMER_FRAME);
    HOLDS((n_out == n_payload) && (memcmp(line->block, payload, n_payload) == 0));
}

/* Anything at all as the line's bytes; each good frame in them is packed and unpacked again. */
static void listen(deframer *line, const uint8_t *bytes, size_t n_bytes) {
    uint8_t frame[FRAME_MAX_BLOCK_BYTES + 1u];
    for (size_t i = 0u; i < n_bytes; i++) {
        size_t n_payload = 0u;
        const deframer_result result = deframer_take(line, bytes[i], &n_payload);
        HOLDS(line->n_block <= FRAME_MAX_BLOCK_BYTES);
        HOLDS((result == DEFRAMER_WAITS) || (bytes[i] == FRAME_DELIMITER));
        if (result == DEFRAMER_FRAME) {
            deframer fresh;
            HOLDS((n_payload > 0u) && (n_payload <= FRAME_MAX_PAYLOAD_BYTES));
            deframer_start(&fresh);
            comes_out(&fresh, frame, pack(line->block, n_payload, 0u, frame), line->block, n_payload);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    const size_t n_payload = (n_bytes < FRAME_MAX_PAYLOAD_BYTES) ? n_bytes : FRAME_MAX_PAYLOAD_BYTES;
    uint8_t frame[FRAME_MAX_BLOCK_BYTES + 1u];
    deframer line;
    size_t n_frame;
    size_t ignored = 0u;
    if (n_bytes == 0u) {
        return 0;
    }
    n_frame = pack(bytes, n_payload, bytes[0] % n_payload, frame);
    deframer_start(&line);
    comes_out(&line, frame, n_frame, bytes, n_payload);
    listen(&line, bytes, n_bytes);
    (void)deframer_take(&line, FRAME_DELIMITER, &ignored);
    comes_out(&line, frame, n_frame, bytes, n_payload);
    return 0;
}
