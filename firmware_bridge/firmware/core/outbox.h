/* Bytes on their way to the line: a ring that takes whole frames or nothing. */
#ifndef SONO_OUTBOX_H
#define SONO_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "messages.h"

typedef struct outbox {
    uint8_t bytes[OUTBOX_BYTES];
    size_t first;
    size_t n_bytes;
} outbox;

void outbox_start(outbox *self);
/* False, and nothing is taken, where there is no room for all of it. */
bool outbox_put(outbox *self, const uint8_t *bytes, size_t n_bytes);
/* Moves up to `room` bytes to `to`; returns how many. */
size_t outbox_pull(outbox *self, uint8_t *to, size_t room);

#endif
