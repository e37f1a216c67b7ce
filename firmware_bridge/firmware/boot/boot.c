#include "boot.h"

#include "journal.h"

/* The bank on trial if it may run once more, with its try counted in `record`; else the trial ends. */
static uint8_t try_pending(const flash_device *flash, uint32_t hardware_id, journal_record *record,
                           image_facts *image) {
    if (record->pending == BANK_NONE) {
        return BANK_NONE;
    }
    if ((record->tries < BOOT_TRIES) &&
        (image_check(flash, record->pending, hardware_id, record->minimum_counter, image) == IMAGE_OK)) {
        record->tries = (uint8_t)(record->tries + 1u);
        return record->pending;
    }
    record->pending = BANK_NONE;
    record->tries = 0u;
    return BANK_NONE;
}

/* The active bank, or the other one where the active one is damaged. */
static uint8_t find_trusted(const flash_device *flash, uint32_t hardware_id, journal_record *record,
                            image_facts *image) {
    for (uint8_t i = 0u; i < 2u; i++) {
        const uint8_t bank = record->active ^ i;
        if (image_check(flash, bank, hardware_id, record->minimum_counter, image) == IMAGE_OK) {
            record->active = bank;
            return bank;
        }
    }
    return BANK_NONE;
}

boot_outcome boot_select(const flash_device *flash, uint32_t hardware_id) {
    boot_outcome outcome = {BANK_NONE, false, 0, {0}};
    journal_record record = journal_newest(flash);
    record.boot_count += (record.boot_count == UINT32_MAX) ? 2u : 1u;
    outcome.boot_id = record.boot_count;
    outcome.bank = try_pending(flash, hardware_id, &record, &outcome.image);
    outcome.on_trial = outcome.bank != BANK_NONE;
    if (!outcome.on_trial) {
        outcome.bank = find_trusted(flash, hardware_id, &record, &outcome.image);
    }
    /* A trial that cannot be counted could go on for ever, so it is not begun. */
    if ((outcome.bank != BANK_NONE) && (journal_append(flash, record) != FLASH_OK) && outcome.on_trial) {
        outcome.on_trial = false;
        outcome.bank = find_trusted(flash, hardware_id, &record, &outcome.image);
    }
    return outcome;
}

bool boot_is_on_trial(const flash_device *flash, const boot_outcome *running) {
    return journal_newest(flash).pending == running->bank;
}

static boot_update_status append(const flash_device *flash, journal_record record) {
    return (journal_append(flash, record) == FLASH_OK) ? BOOT_UPDATE_OK : BOOT_UPDATE_FLASH_FAILED;
}

boot_update_status boot_begin_update(const flash_device *flash, const boot_outcome *running) {
    journal_record record = journal_newest(flash);
    if (record.pending == running->bank) {
        return BOOT_UPDATE_ON_TRIAL;
    }
    if (record.pending == BANK_NONE) {
        return BOOT_UPDATE_OK;
    }
    record.pending = BANK_NONE;
    record.tries = 0u;
    return append(flash, record);
}

boot_update_status boot_mark_pending(const flash_device *flash, const boot_outcome *running, uint32_t hardware_id) {
    journal_record record = journal_newest(flash);
    image_facts image;
    if (record.pending == running->bank) {
        return BOOT_UPDATE_ON_TRIAL;
    }
    switch (image_check(flash, boot_spare_bank(running), hardware_id, record.minimum_counter, &image)) {
    case IMAGE_OK:
        break;
    case IMAGE_WRONG_HARDWARE:
        return BOOT_UPDATE_WRONG_HARDWARE;
    case IMAGE_TOO_OLD:
        return BOOT_UPDATE_TOO_OLD;
    case IMAGE_DAMAGED:
    default:
        return BOOT_UPDATE_DAMAGED;
    }
    if (record.pending != BANK_NONE) {
        return BOOT_UPDATE_OK;
    }
    record.active = running->bank;
    record.pending = boot_spare_bank(running);
    record.tries = 0u;
    return append(flash, record);
}

boot_update_status boot_confirm(const flash_device *flash, const boot_outcome *running) {
    journal_record record = journal_newest(flash);
    const bool on_trial = record.pending == running->bank;
    const bool raises = running->image.security_counter > record.minimum_counter;
    if (!on_trial && !raises) {
        return BOOT_UPDATE_OK;
    }
    if (on_trial) {
        record.active = running->bank;
        record.pending = BANK_NONE;
        record.tries = 0u;
    }
    if (raises) {
        record.minimum_counter = running->image.security_counter;
    }
    return append(flash, record);
}
