#include "outbox.h"

void outbox_start(outbox *self) {
    self->first = 0u;
    self->n_bytes = 0u;
}

bool outbox_put(outbox *self, const uint8_t *bytes, size_t n_bytes) {
    if (n_bytes > (OUTBOX_BYTES - self->n_bytes)) {
        return false;
    }
    for (size_t i = 0u; i < n_bytes; i++) {
        self->bytes[(self->first + self->n_bytes + i) % OUTBOX_BYTES] = bytes[i];
    }
    self->n_bytes += n_bytes;
    return true;
}

size_t outbox_pull(outbox *self, uint8_t *to, size_t room) {
    const size_t n_pulled = (room < self->n_bytes) ? room : self->n_bytes;
    for (size_t i = 0u; i < n_pulled; i++) {
        to[i] = self->bytes[(self->first + i) % OUTBOX_BYTES];
    }
    self->first = (self->first + n_pulled) % OUTBOX_BYTES;
    self->n_bytes -= n_pulled;
    return n_pulled;
}
