#include "update_commands.h"

#include "messages.h"
#include "updating.h"

static size_t update_status(device *self, uint8_t tag, uint8_t refusal) {
    message_update_status reply;
    reply.tag = tag;
    reply.refusal = refusal;
    reply.state = updating_state(&self->update);
    reply.bank = updating_bank(&self->update);
    reply.offset = self->update.offset;
    reply.size = self->update.size;
    return pack_update_status(&reply, self->reply);
}

size_t obey_update_begin(device *self, const uint8_t *fields, size_t n_fields) {
    message_update_begin asked;
    uint8_t refusal;
    if (!unpack_update_begin(&asked, fields, n_fields)) {
        return 0u;
    }
    refusal = updating_begin(&self->update, self->transmit.imaging, asked.size, asked.digest, self->now_us);
    return update_status(self, asked.tag, refusal);
}

size_t obey_update_data(device *self, const uint8_t *fields, size_t n_fields) {
    message_update_data asked;
    uint8_t refusal;
    if (!unpack_update_data(&asked, fields, n_fields)) {
        return 0u;
    }
    refusal = updating_take(&self->update, self->transmit.imaging, asked.offset, asked.data, asked.data_size,
                            self->now_us);
    return update_status(self, asked.tag, refusal);
}

size_t obey_update_finish(device *self, const uint8_t *fields, size_t n_fields) {
    message_update_finish asked;
    if (!unpack_update_finish(&asked, fields, n_fields)) {
        return 0u;
    }
    return update_status(self, asked.tag, updating_finish(&self->update, self->transmit.imaging, self->now_us));
}

size_t obey_update_confirm(device *self, const uint8_t *fields, size_t n_fields) {
    message_update_confirm asked;
    if (!unpack_update_confirm(&asked, fields, n_fields)) {
        return 0u;
    }
    return update_status(self, asked.tag, updating_confirm(&self->update, self->now_us));
}

size_t obey_ask_update(device *self, const uint8_t *fields, size_t n_fields) {
    message_ask_update asked;
    if (!unpack_ask_update(&asked, fields, n_fields)) {
        return 0u;
    }
    return update_status(self, asked.tag, REFUSAL_NONE);
}
