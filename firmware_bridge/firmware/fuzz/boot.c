/* The boot decision over any contents of the flash: what runs is whole, for this probe and new enough; a trial ends. */
#include "boot.h"

#include <string.h>

#include "bytes.h"
#include "crc32.h"
#include "harness.h"
#include "journal.h"

#define MAX_STEPS 16u

enum { STORE, RECORD, IMAGE, START, TRIALS, BEGIN_UPDATE, MARK_PENDING, CONFIRM, N_ACTS };

/* A record with its checksum, anywhere in the journal. No device starts 2^24 times. */
static void store_record(rig *self, input *from) {
    const uint32_t slot = take_u8(from);
    uint8_t raw[JOURNAL_RECORD_SIZE];
    (void)memset(raw, 0xFF, sizeof raw);
    put_u32(raw, take_u32(from) & 0xFFFFFFu);
    put_u32(&raw[4], take_u32(from));
    put_u32(&raw[8], take_u8(from));
    raw[12] = take_u8(from);
    raw[13] = take_u8(from);
    raw[14] = take_u8(from);
    put_u32(&raw[JOURNAL_RECORD_SIZE - 4u], crc32_update(0u, raw, JOURNAL_RECORD_SIZE - 4u));
    rig_store(self, JOURNAL_START + (slot * JOURNAL_RECORD_SIZE), raw, sizeof raw);
}

static void store_image(rig *self, input *from) {
    uint8_t image[IMAGE_ROOM];
    const uint32_t start = image_bank_start(take_u8(from) & 1u);
    const uint8_t n_program = take_u8(from);
    const uint8_t counter = take_u8(from);
    const size_t n_image = rig_make_image(image, n_program, counter, HARDWARE + (take_u8(from) / 200u));
    rig_store(self, start, image, n_image);
}

/* Anywhere in the two banks and the journal, most of it at their beginnings. */
static void store_anything(rig *self, input *from) {
    const uint32_t starts[4] = {JOURNAL_START, BANK_A_START, BANK_B_START, BANK_B_START + BANK_SIZE - 256u};
    const uint32_t start = starts[take_u8(from) % 4u];
    const uint32_t at = start + (take_u8(from) * (uint32_t)take_u8(from) % 1024u);
    size_t n_taken;
    const uint8_t *const bytes = take_bytes(from, take_u8(from), &n_taken);
    rig_store(self, at, bytes, n_taken);
}

static bool is_valid(const rig *self, uint8_t bank) {
    const uint32_t minimum = journal_newest(&self->flash).minimum_counter;
    image_facts facts;
    return image_check(&self->flash, bank, HARDWARE, minimum, &facts) == IMAGE_OK;
}

static boot_outcome start(rig *self, uint8_t cut_in) {
    const journal_record before = journal_newest(&self->flash);
    const bool valid[2] = {is_valid(self, 0u), is_valid(self, 1u)};
    boot_outcome outcome;
    journal_record after;
    self->cut_in = cut_in;
    outcome = boot_select(&self->flash, HARDWARE);
    if (self->memory.dead) {
        self->memory.dead = false;
        after = journal_newest(&self->flash);
        HOLDS((after.sequence == before.sequence) || (after.sequence == before.sequence + 1u));
        HOLDS(after.minimum_counter == before.minimum_counter);
        outcome.bank = BANK_NONE;
        return outcome;
    }
    self->cut_in = 0u;
    after = journal_newest(&self->flash);
    HOLDS(outcome.boot_id != 0u);
    if (outcome.bank == BANK_NONE) {
        HOLDS(!valid[0] && !valid[1]);
        return outcome;
    }
    HOLDS((outcome.bank <= 1u) && valid[outcome.bank]);
    HOLDS((outcome.image.hardware_id == HARDWARE) && (outcome.image.security_counter >= before.minimum_counter));
    HOLDS(outcome.image.size_bytes <= BANK_SIZE);
    HOLDS((after.sequence == before.sequence + 1u) && (after.boot_count == outcome.boot_id));
    HOLDS(outcome.boot_id != before.boot_count);
    HOLDS(after.minimum_counter == before.minimum_counter);
    HOLDS(outcome.on_trial == (after.pending == outcome.bank));
    HOLDS(!outcome.on_trial || ((after.tries == before.tries + 1u) && (after.tries <= BOOT_TRIES)));
    HOLDS(outcome.on_trial || (after.active == outcome.bank));
    return outcome;
}

/* Without a confirmation the image on trial gets its tries and no more. */
static void start_often(rig *self) {
    const journal_record before = journal_newest(&self->flash);
    uint32_t n_trials = 0u;
    for (uint32_t i = 0u; i <= BOOT_TRIES; i++) {
        n_trials += start(self, 0u).on_trial ? 1u : 0u;
    }
    HOLDS((n_trials == 0u) || (n_trials + before.tries == BOOT_TRIES));
}

static void begin_update(rig *self, const boot_outcome *running) {
    const bool on_trial = boot_is_on_trial(&self->flash, running);
    const boot_update_status status = boot_begin_update(&self->flash, running);
    HOLDS((status == BOOT_UPDATE_ON_TRIAL) == on_trial);
    HOLDS((status != BOOT_UPDATE_OK) || (journal_newest(&self->flash).pending == BANK_NONE));
}

static void mark_pending(rig *self, const boot_outcome *running) {
    const uint8_t spare = boot_spare_bank(running);
    if (boot_mark_pending(&self->flash, running, HARDWARE) == BOOT_UPDATE_OK) {
        HOLDS(is_valid(self, spare));
        HOLDS(journal_newest(&self->flash).pending == spare);
    }
}

/* A confirmed image is the one that the next start trusts. */
static void confirm(rig *self, const boot_outcome *running) {
    const bool on_trial = boot_is_on_trial(&self->flash, running);
    if (boot_confirm(&self->flash, running) == BOOT_UPDATE_OK) {
        const journal_record after = journal_newest(&self->flash);
        HOLDS(!boot_is_on_trial(&self->flash, running));
        HOLDS(after.minimum_counter >= running->image.security_counter);
        HOLDS(!on_trial || (after.active == running->bank));
    }
}

/* What the running image does about updates; with the power cut in it, nothing that it says counts. */
static void change(rig *self, uint8_t act, const boot_outcome *running, uint8_t cut_in) {
    if (cut_in != 0u) {
        self->cut_in = cut_in;
        (void)boot_begin_update(&self->flash, running);
        (void)boot_mark_pending(&self->flash, running, HARDWARE);
        (void)boot_confirm(&self->flash, running);
        self->cut_in = 0u;
        self->memory.dead = false;
    } else if (act == BEGIN_UPDATE) {
        begin_update(self, running);
    } else if (act == MARK_PENDING) {
        mark_pending(self, running);
    } else {
        confirm(self, running);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    input from = {bytes, n_bytes};
    rig *const self = rig_new();
    boot_outcome running = {BANK_NONE, false, 0u, {0}};
    for (uint32_t i = 0u; (i < MAX_STEPS) && (from.n_bytes > 0u); i++) {
        const uint8_t choice = take_u8(&from);
        const uint8_t act = choice % N_ACTS;
        const uint8_t cut_in = (choice / N_ACTS) % 4u;
        if (act == STORE) {
            store_anything(self, &from);
        } else if (act == RECORD) {
            store_record(self, &from);
        } else if (act == IMAGE) {
            store_image(self, &from);
        } else if (act == START) {
            running = start(self, cut_in);
        } else if (act == TRIALS) {
            start_often(self);
            running.bank = BANK_NONE;
        } else if (running.bank != BANK_NONE) {
            change(self, act, &running, cut_in);
        }
    }
    return 0;
}
