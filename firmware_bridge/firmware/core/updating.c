#include "updating.h"

#include <string.h>

#include "../boot/bytes.h"
#include "../boot/layout.h"
#include "../boot/sha256.h"
#include "messages.h"

#define MAX_UPDATE_BYTES (BANK_SIZE - FLASH_SECTOR_SIZE)
/* In the record: the file's size, its digest, and from MARKS_AT on the marks of the sectors. */
#define DIGEST_AT 4u
#define RECORD_BYTES (DIGEST_AT + UPDATE_DIGEST_BYTES)
#define MARKS_AT 64u
#define WRITTEN 0u
#define ALIGNMENT 4u
#define CHUNK_BYTES 256u

void updating_start(updating *self, const port *machine, logbook *log, faults *latch) {
    self->machine = machine;
    self->log = log;
    self->latch = latch;
    self->receiving = false;
    self->pending = false;
    (void)memset(self->digest, 0, sizeof self->digest);
    self->size = 0u;
    self->offset = 0u;
}

/* On trial means that the running image must be confirmed first. */
static uint8_t refusal_of(boot_update_status status) {
    switch (status) {
    case BOOT_UPDATE_OK:
        return REFUSAL_NONE;
    case BOOT_UPDATE_ON_TRIAL:
        return REFUSAL_NO_UPDATE;
    case BOOT_UPDATE_DAMAGED:
        return REFUSAL_IMAGE_DAMAGED;
    case BOOT_UPDATE_WRONG_HARDWARE:
        return REFUSAL_WRONG_HARDWARE;
    case BOOT_UPDATE_TOO_OLD:
        return REFUSAL_TOO_OLD;
    case BOOT_UPDATE_FLASH_FAILED:
    default:
        return REFUSAL_FLASH_FAILED;
    }
}

bool updating_on_trial(const updating *self) {
    return boot_is_on_trial(self->machine->flash, self->machine->running);
}

uint8_t updating_state(const updating *self) {
    if (self->receiving) {
        return UPDATE_STATE_RECEIVING;
    }
    if (self->pending) {
        return UPDATE_STATE_PENDING;
    }
    return updating_on_trial(self) ? UPDATE_STATE_TRYING : UPDATE_STATE_IDLE;
}

uint8_t updating_bank(const updating *self) { return boot_spare_bank(self->machine->running); }

/* ---------------------------------------------------------------------------------------------------- in the flash */

static uint32_t bank_start(const updating *self) { return image_bank_start(updating_bank(self)); }

static uint32_t record_at(const updating *self) { return bank_start(self) + MAX_UPDATE_BYTES; }

static void make_record(const updating *self, uint8_t record[RECORD_BYTES]) {
    put_u32(record, self->size);
    (void)memcpy(&record[DIGEST_AT], self->digest, UPDATE_DIGEST_BYTES);
}

/* Whether the flash holds these bytes. */
static bool holds(const updating *self, uint32_t at, const uint8_t *bytes, uint32_t n_bytes) {
    uint8_t found[RECORD_BYTES];
    return (flash_read(self->machine->flash, at, found, n_bytes) == FLASH_OK) && (memcmp(found, bytes, n_bytes) == 0);
}

/* Of this very file, in whole sectors; all of it where its last sector was written. */
static uint32_t n_written_bytes(const updating *self) {
    const uint8_t written = WRITTEN;
    uint8_t record[RECORD_BYTES];
    uint32_t n_bytes = 0u;
    make_record(self, record);
    if (holds(self, record_at(self), record, RECORD_BYTES)) {
        uint32_t mark_at = record_at(self) + MARKS_AT;
        while ((n_bytes < self->size) && holds(self, mark_at, &written, 1u)) {
            n_bytes += FLASH_SECTOR_SIZE;
            mark_at++;
        }
    }
    return (n_bytes < self->size) ? n_bytes : self->size;
}

static bool write_record(const updating *self) {
    uint8_t record[RECORD_BYTES];
    make_record(self, record);
    return (flash_erase_sector(self->machine->flash, record_at(self)) == FLASH_OK) &&
           (flash_program(self->machine->flash, record_at(self), record, RECORD_BYTES) == FLASH_OK);
}

/* What of `data` lies in one sector; marks the sector where it is whole. */
static bool write_part(updating *self, const uint8_t *data, uint32_t n_data) {
    const flash_device *const flash = self->machine->flash;
    const uint32_t at = bank_start(self) + self->offset;
    const uint32_t mark_at = record_at(self) + MARKS_AT + (self->offset / FLASH_SECTOR_SIZE);
    const uint8_t written = WRITTEN;
    bool done = true;
    if ((self->offset % FLASH_SECTOR_SIZE) == 0u) {
        done = flash_erase_sector(flash, at) == FLASH_OK;
    }
    done = done && (flash_program(flash, at, data, n_data) == FLASH_OK);
    self->offset += n_data;
    if (((self->offset % FLASH_SECTOR_SIZE) == 0u) || (self->offset == self->size)) {
        done = done && (flash_program(flash, mark_at, &written, 1u) == FLASH_OK);
    }
    return done;
}

static bool write_all(updating *self, const uint8_t *data, uint32_t n_data) {
    bool done = (self->offset > 0u) || write_record(self);
    uint32_t at = 0u;
    while (done && (at < n_data)) {
        const uint32_t room = FLASH_SECTOR_SIZE - (self->offset % FLASH_SECTOR_SIZE);
        const uint32_t n_part = ((n_data - at) < room) ? (n_data - at) : room;
        done = write_part(self, &data[at], n_part);
        at += n_part;
    }
    return done;
}

/* Whether the file in the bank has the digest that was promised. */
static bool file_is_whole(const updating *self) {
    uint8_t chunk[CHUNK_BYTES];
    uint8_t digest[UPDATE_DIGEST_BYTES];
    sha256 hash;
    sha256_start(&hash);
    for (uint32_t at = 0u; at < self->size; at += CHUNK_BYTES) {
        const uint32_t n_chunk = ((self->size - at) < CHUNK_BYTES) ? (self->size - at) : CHUNK_BYTES;
        if (flash_read(self->machine->flash, bank_start(self) + at, chunk, n_chunk) != FLASH_OK) {
            return false;
        }
        sha256_update(&hash, chunk, n_chunk);
    }
    sha256_finish(&hash, digest);
    return memcmp(digest, self->digest, UPDATE_DIGEST_BYTES) == 0;
}

/* ----------------------------------------------------------------------------------------------------- the commands */

/* Flash did not do what it must. The same file may begin again, at the last sector that is whole. */
static void fail(updating *self, uint32_t now_us) {
    self->receiving = false;
    self->pending = false;
    self->size = 0u;
    self->offset = 0u;
    faults_latch(self->latch, FAULT_CODE_FLASH, updating_bank(self), now_us);
}

static void forget(updating *self) {
    (void)flash_erase_sector(self->machine->flash, record_at(self));
    self->size = 0u;
    self->offset = 0u;
}

static bool is_received(const updating *self, uint32_t size, const uint8_t digest[UPDATE_DIGEST_BYTES]) {
    return self->receiving && (size == self->size) && (memcmp(digest, self->digest, UPDATE_DIGEST_BYTES) == 0);
}

uint8_t updating_begin(updating *self, bool imaging, uint32_t size, const uint8_t digest[UPDATE_DIGEST_BYTES],
                       uint32_t now_us) {
    uint8_t refusal;
    if (imaging) {
        return REFUSAL_IMAGING_ON;
    }
    if ((size == 0u) || (size > MAX_UPDATE_BYTES)) {
        return REFUSAL_BAD_SIZE;
    }
    if (is_received(self, size, digest)) {
        return REFUSAL_NONE;
    }
    refusal = refusal_of(boot_begin_update(self->machine->flash, self->machine->running));
    if (refusal == REFUSAL_FLASH_FAILED) {
        fail(self, now_us);
    }
    if (refusal == REFUSAL_NONE) {
        self->receiving = true;
        self->pending = false;
        self->size = size;
        (void)memcpy(self->digest, digest, UPDATE_DIGEST_BYTES);
        self->offset = n_written_bytes(self);
        logbook_note(self->log, LOG_UPDATE_RECEIVING, now_us);
    }
    return refusal;
}

/* Only the last part may end between two units of the flash. */
static bool fits(const updating *self, size_t n_data) {
    const uint32_t n_missing = self->size - self->offset;
    return (n_data > 0u) && (n_data <= n_missing) && (((n_data % ALIGNMENT) == 0u) || (n_data == n_missing));
}

uint8_t updating_take(updating *self, bool imaging, uint32_t offset, const uint8_t *data, size_t n_data,
                      uint32_t now_us) {
    uint8_t refusal = REFUSAL_NONE;
    if (!self->receiving) {
        refusal = REFUSAL_NO_UPDATE;
    } else if (imaging) {
        refusal = REFUSAL_IMAGING_ON;
    } else if (offset != self->offset) {
        refusal = REFUSAL_BAD_OFFSET;
    } else if (!fits(self, n_data)) {
        refusal = REFUSAL_BAD_SIZE;
    } else if (!write_all(self, data, (uint32_t)n_data)) {
        refusal = REFUSAL_FLASH_FAILED;
        fail(self, now_us);
    } else {
        /* It is written. */
    }
    return refusal;
}

static uint8_t mark_pending(const updating *self) {
    const port *const machine = self->machine;
    if (!file_is_whole(self)) {
        return REFUSAL_IMAGE_DAMAGED;
    }
    return refusal_of(boot_mark_pending(machine->flash, machine->running, machine->hardware_id));
}

uint8_t updating_finish(updating *self, bool imaging, uint32_t now_us) {
    uint8_t refusal;
    if (!self->receiving) {
        return REFUSAL_NO_UPDATE;
    }
    if (imaging) {
        return REFUSAL_IMAGING_ON;
    }
    if (self->offset != self->size) {
        return REFUSAL_BAD_SIZE;
    }
    refusal = mark_pending(self);
    self->receiving = false;
    self->pending = refusal == REFUSAL_NONE;
    if (refusal == REFUSAL_FLASH_FAILED) {
        fail(self, now_us);
    } else if (refusal != REFUSAL_NONE) {
        logbook_note(self->log, LOG_UPDATE_REFUSED, now_us);
        forget(self);
    } else {
        logbook_note(self->log, LOG_UPDATE_PENDING, now_us);
    }
    return refusal;
}

uint8_t updating_confirm(updating *self, uint32_t now_us) {
    uint8_t refusal;
    if (!updating_on_trial(self)) {
        return REFUSAL_NOTHING_PENDING;
    }
    refusal = refusal_of(boot_confirm(self->machine->flash, self->machine->running));
    if (refusal != REFUSAL_NONE) {
        fail(self, now_us);
    } else {
        logbook_note(self->log, LOG_UPDATE_CONFIRMED, now_us);
    }
    return refusal;
}
