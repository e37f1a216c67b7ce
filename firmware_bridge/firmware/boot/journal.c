#include "journal.h"

#include <stdbool.h>
#include <string.h>

#include "../core/crc32.h"
#include "boot.h"
#include "bytes.h"
#include "layout.h"

#define N_SLOTS (FLASH_SECTOR_SIZE / JOURNAL_RECORD_SIZE)
#define CRC_AT (JOURNAL_RECORD_SIZE - 4u)

static uint32_t slot_start(uint32_t sector, uint32_t slot) {
    return JOURNAL_START + (sector * FLASH_SECTOR_SIZE) + (slot * JOURNAL_RECORD_SIZE);
}

static void pack(const journal_record *record, uint8_t raw[JOURNAL_RECORD_SIZE]) {
    (void)memset(raw, 0xFF, JOURNAL_RECORD_SIZE);
    put_u32(raw, record->sequence);
    put_u32(&raw[4], record->boot_count);
    put_u32(&raw[8], record->minimum_counter);
    raw[12] = record->active;
    raw[13] = record->pending;
    raw[14] = record->tries;
    put_u32(&raw[CRC_AT], crc32_update(0u, raw, CRC_AT));
}

static bool unpack(const uint8_t raw[JOURNAL_RECORD_SIZE], journal_record *record) {
    record->sequence = get_u32(raw);
    record->boot_count = get_u32(&raw[4]);
    record->minimum_counter = get_u32(&raw[8]);
    record->active = raw[12];
    record->pending = raw[13];
    record->tries = raw[14];
    return (get_u32(&raw[CRC_AT]) == crc32_update(0u, raw, CRC_AT)) && (record->active <= 1u) &&
           ((record->pending <= 1u) || (record->pending == BANK_NONE));
}

static bool is_erased(const uint8_t raw[JOURNAL_RECORD_SIZE]) {
    for (uint32_t i = 0u; i < JOURNAL_RECORD_SIZE; i++) {
        if (raw[i] != 0xFFu) {
            return false;
        }
    }
    return true;
}

/* The newest record, its sector, and the first slot there after which all are erased. */
static journal_record find_newest(const flash_device *flash, uint32_t *sector, uint32_t *free_slot) {
    journal_record newest = {0u, 0u, 0u, 0u, BANK_NONE, 0u};
    uint32_t free_slots[JOURNAL_SECTORS] = {0};
    /* A blank journal looks like a full last sector, so that the first record erases sector 0 and begins there. */
    *sector = JOURNAL_SECTORS - 1u;
    for (uint32_t s = 0u; s < JOURNAL_SECTORS; s++) {
        for (uint32_t slot = 0u; slot < N_SLOTS; slot++) {
            uint8_t raw[JOURNAL_RECORD_SIZE];
            journal_record record;
            if ((flash_read(flash, slot_start(s, slot), raw, JOURNAL_RECORD_SIZE) != FLASH_OK) || is_erased(raw)) {
                continue;
            }
            free_slots[s] = slot + 1u;
            if (unpack(raw, &record) && (record.sequence > newest.sequence)) {
                newest = record;
                *sector = s;
            }
        }
    }
    *free_slot = (newest.sequence == 0u) ? N_SLOTS : free_slots[*sector];
    return newest;
}

journal_record journal_newest(const flash_device *flash) {
    uint32_t sector;
    uint32_t free_slot;
    return find_newest(flash, &sector, &free_slot);
}

flash_status journal_append(const flash_device *flash, journal_record record) {
    uint32_t sector;
    uint32_t slot;
    uint8_t raw[JOURNAL_RECORD_SIZE];
    record.sequence = find_newest(flash, &sector, &slot).sequence + 1u;
    if (slot == N_SLOTS) {
        sector = (sector + 1u) % JOURNAL_SECTORS;
        slot = 0u;
        const flash_status erased = flash_erase_sector(flash, slot_start(sector, slot));
        if (erased != FLASH_OK) {
            return erased;
        }
    }
    pack(&record, raw);
    return flash_program(flash, slot_start(sector, slot), raw, JOURNAL_RECORD_SIZE);
}
