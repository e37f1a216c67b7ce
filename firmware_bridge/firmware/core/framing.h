/* Frames on the wire: COBS (Cheshire and Baker, 1999) around a payload and its CRC-32, ended by a zero byte.
   firmware_bridge/line/framing.py is the twin. */
#ifndef SONO_FRAMING_H
#define SONO_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_DELIMITER 0u
#define FRAME_MAX_PAYLOAD_BYTES 512u
#define FRAME_CRC_BYTES 4u
/* Longest encoded frame without its delimiter: one length byte before each 254 bytes, begun ones too. */
#define FRAME_MAX_BLOCK_BYTES 519u

/* Writes one frame in parts: begin, add (at most FRAME_MAX_PAYLOAD_BYTES over all), end. */
typedef struct frame_writer {
    uint8_t *out;      /* room for FRAME_MAX_BLOCK_BYTES and the delimiter */
    size_t n_out;
    size_t length_at;  /* where the length of the present run stands */
    uint32_t crc;
} frame_writer;

void frame_begin(frame_writer *writer, uint8_t *out);
void frame_add(frame_writer *writer, const uint8_t *bytes, size_t n_bytes);
/* Adds the CRC and the delimiter; returns the length of it all. */
size_t frame_end(frame_writer *writer);

/* Collects the bytes of a line into frames. */
typedef struct deframer {
    uint8_t block[FRAME_MAX_BLOCK_BYTES];
    size_t n_block;
    bool overlong;
} deframer;

typedef enum {
    DEFRAMER_WAITS = 0,  /* for more of the frame, or for the first byte of one */
    DEFRAMER_FRAME = 1,  /* the payload stands in `block` until the next byte */
    DEFRAMER_DAMAGED = 2 /* a frame ended that was damaged or too long */
} deframer_result;

void deframer_start(deframer *self);
/* Takes one byte; `n_payload` is set for DEFRAMER_FRAME only. */
deframer_result deframer_take(deframer *self, uint8_t byte, size_t *n_payload);

#endif
