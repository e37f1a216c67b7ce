#include "framing.h"

#include "crc32.h"

/* Length byte of a run of 254, the longest; no zero follows such a run. */
#define FULL_RUN 0xFFu

/* A fuzzer does not find checksums that fit; where none counts, its bytes become frames. Never on a probe. */
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define CHECKSUM_COUNTS true
#elif defined(__arm__)
#error "firmware for a probe must look at checksums"
#else
#define CHECKSUM_COUNTS false
#endif

static void open_run(frame_writer *writer) {
    writer->length_at = writer->n_out;
    writer->out[writer->n_out] = 1u;
    writer->n_out++;
}

static void stuff(frame_writer *writer, const uint8_t *bytes, size_t n_bytes) {
    for (size_t i = 0u; i < n_bytes; i++) {
        /* Opened only now: a full run at the very end needs none after it. */
        if (writer->out[writer->length_at] == FULL_RUN) {
            open_run(writer);
        }
        if (bytes[i] == FRAME_DELIMITER) {
            open_run(writer);
        } else {
            writer->out[writer->n_out] = bytes[i];
            writer->n_out++;
            writer->out[writer->length_at]++;
        }
    }
}

void frame_begin(frame_writer *writer, uint8_t *out) {
    writer->out = out;
    writer->n_out = 0u;
    writer->crc = 0u;
    open_run(writer);
}

void frame_add(frame_writer *writer, const uint8_t *bytes, size_t n_bytes) {
    writer->crc = crc32_update(writer->crc, bytes, n_bytes);
    stuff(writer, bytes, n_bytes);
}

size_t frame_end(frame_writer *writer) {
    uint8_t crc[FRAME_CRC_BYTES];
    for (uint32_t i = 0u; i < FRAME_CRC_BYTES; i++) {
        crc[i] = (uint8_t)((writer->crc >> (8u * i)) & 0xFFu);
    }
    stuff(writer, crc, FRAME_CRC_BYTES);
    writer->out[writer->n_out] = FRAME_DELIMITER;
    writer->n_out++;
    return writer->n_out;
}

/* Undoes COBS in place, which never writes past what it has read. Returns 0 where a run points past the end. */
static size_t unstuff(uint8_t *block, size_t n_block) {
    size_t at = 0u;
    size_t n_out = 0u;
    while (at < n_block) {
        const size_t length = block[at];
        if ((length == 0u) || (length > (n_block - at))) {
            return 0u;
        }
        for (size_t i = 1u; i < length; i++) {
            block[n_out] = block[at + i];
            n_out++;
        }
        at += length;
        if ((length < FULL_RUN) && (at < n_block)) {
            block[n_out] = 0u;
            n_out++;
        }
    }
    return n_out;
}

/* Decodes a block in place. Returns the payload's length, 0 where the block is damaged. One of no more than
   FRAME_MAX_BLOCK_BYTES holds no payload that is too long. */
static size_t decode(uint8_t *block, size_t n_block) {
    const size_t n_body = unstuff(block, n_block);
    uint32_t crc = 0u;
    size_t n_payload;
    if (n_body <= FRAME_CRC_BYTES) {
        return 0u;
    }
    n_payload = n_body - FRAME_CRC_BYTES;
    for (uint32_t i = 0u; i < FRAME_CRC_BYTES; i++) {
        crc |= (uint32_t)block[n_payload + i] << (8u * i);
    }
    return (!CHECKSUM_COUNTS || (crc32_update(0u, block, n_payload) == crc)) ? n_payload : 0u;
}

void deframer_start(deframer *self) {
    self->n_block = 0u;
    self->overlong = false;
}

static deframer_result end_frame(deframer *self, size_t *n_payload) {
    const bool empty = (self->n_block == 0u) && !self->overlong;
    const size_t n_decoded = self->overlong ? 0u : decode(self->block, self->n_block);
    deframer_start(self);
    if (empty) {
        return DEFRAMER_WAITS;
    }
    *n_payload = n_decoded;
    return (n_decoded > 0u) ? DEFRAMER_FRAME : DEFRAMER_DAMAGED;
}

deframer_result deframer_take(deframer *self, uint8_t byte, size_t *n_payload) {
    if (byte == FRAME_DELIMITER) {
        return end_frame(self, n_payload);
    }
    if (self->n_block < FRAME_MAX_BLOCK_BYTES) {
        self->block[self->n_block] = byte;
        self->n_block++;
    } else {
        self->overlong = true;
    }
    return DEFRAMER_WAITS;
}
