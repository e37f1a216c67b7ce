#include "image.h"

#include <stdbool.h>
#include <string.h>

#include "bytes.h"
#include "sha256.h"

#define IMAGE_MAGIC 0x96F3B83Du
#define FLAGS_RAM_LOAD 0x20u
#define TABLE_PROTECTED 0x6908u
#define TABLE_PLAIN 0x6907u
#define TLV_SHA256 0x10u
#define TLV_SECURITY_COUNTER 0x50u
#define CHUNK_SIZE 256u
#define HEADER_BYTES 32u
#define TLV_HEAD_BYTES 4u

typedef struct extent {
    uint32_t start;
    uint32_t n_bytes;
} extent;

/* The header, where nothing but a plain image to be run from memory is accepted: not encrypted, not compressed. */
static bool read_header(const flash_device *flash, uint32_t start, image_facts *facts, uint32_t *n_program,
                        uint32_t *n_protected) {
    uint8_t raw[HEADER_BYTES];
    if (flash_read(flash, start, raw, HEADER_BYTES) != FLASH_OK) {
        return false;
    }
    *n_protected = get_u16(&raw[10]);
    *n_program = get_u32(&raw[12]);
    facts->version_major = raw[20];
    facts->version_minor = raw[21];
    facts->version_revision = get_u16(&raw[22]);
    facts->version_build = get_u32(&raw[24]);
    return (get_u32(raw) == IMAGE_MAGIC) && (get_u32(&raw[4]) == IMAGE_LOAD_ADDRESS) &&
           (get_u16(&raw[8]) == IMAGE_HEADER_SIZE) && (get_u32(&raw[16]) == FLAGS_RAM_LOAD) && (*n_program > 0u) &&
           (*n_program <= BANK_SIZE);
}

/* A table at `at` that begins with `magic` and ends before `end`; its entries come back as an extent. */
static bool find_table(const flash_device *flash, uint32_t at, uint32_t end, uint32_t magic, extent *entries) {
    uint8_t head[TLV_HEAD_BYTES];
    if (((end - at) < TLV_HEAD_BYTES) || (flash_read(flash, at, head, TLV_HEAD_BYTES) != FLASH_OK) ||
        (get_u16(head) != magic) || (get_u16(&head[2]) < TLV_HEAD_BYTES) || (get_u16(&head[2]) > (end - at))) {
        return false;
    }
    entries->start = at + TLV_HEAD_BYTES;
    entries->n_bytes = get_u16(&head[2]) - TLV_HEAD_BYTES;
    return true;
}

/* The value of the only entry of this kind and length. Twice, never, or a torn table: false. */
static bool find_entry(const flash_device *flash, extent entries, uint32_t kind, uint8_t *value, uint32_t n_value) {
    uint32_t at = entries.start;
    uint32_t rest = entries.n_bytes;
    bool found = false;
    while (rest > 0u) {
        uint8_t head[TLV_HEAD_BYTES];
        if ((rest < TLV_HEAD_BYTES) || (flash_read(flash, at, head, TLV_HEAD_BYTES) != FLASH_OK)) {
            return false;
        }
        const uint32_t n_bytes = get_u16(&head[2]);
        if (n_bytes > (rest - TLV_HEAD_BYTES)) {
            return false;
        }
        if (get_u16(head) == kind) {
            if (found || (n_bytes != n_value) ||
                (flash_read(flash, at + TLV_HEAD_BYTES, value, n_value) != FLASH_OK)) {
                return false;
            }
            found = true;
        }
        at += TLV_HEAD_BYTES + n_bytes;
        rest -= TLV_HEAD_BYTES + n_bytes;
    }
    return found;
}

static bool find_number(const flash_device *flash, extent entries, uint32_t kind, uint32_t *number) {
    uint8_t raw[4];
    const bool found = find_entry(flash, entries, kind, raw, sizeof raw);
    *number = found ? get_u32(raw) : 0u;
    return found;
}

static bool hashes_to(const flash_device *flash, extent of, const uint8_t expected[32]) {
    uint8_t chunk[CHUNK_SIZE];
    uint8_t digest[32];
    sha256 hash;
    sha256_start(&hash);
    for (uint32_t done = 0u; done < of.n_bytes; done += CHUNK_SIZE) {
        const uint32_t n = ((of.n_bytes - done) < CHUNK_SIZE) ? (of.n_bytes - done) : CHUNK_SIZE;
        if (flash_read(flash, of.start + done, chunk, n) != FLASH_OK) {
            return false;
        }
        sha256_update(&hash, chunk, n);
    }
    sha256_finish(&hash, digest);
    return memcmp(digest, expected, sizeof digest) == 0;
}

static bool read_image(const flash_device *flash, uint32_t start, image_facts *facts) {
    uint32_t n_program;
    uint32_t n_protected;
    extent protected_entries;
    extent entries;
    if (!read_header(flash, start, facts, &n_program, &n_protected)) {
        return false;
    }
    const uint32_t end = start + BANK_SIZE;
    const uint32_t tables = start + IMAGE_HEADER_SIZE + n_program;
    if ((tables > end) || !find_table(flash, tables, end, TABLE_PROTECTED, &protected_entries) ||
        ((protected_entries.n_bytes + TLV_HEAD_BYTES) != n_protected) ||
        !find_table(flash, tables + n_protected, end, TABLE_PLAIN, &entries)) {
        return false;
    }
    const extent hashed = {start, IMAGE_HEADER_SIZE + n_program + n_protected};
    facts->size_bytes = hashed.n_bytes + TLV_HEAD_BYTES + entries.n_bytes;
    return find_number(flash, protected_entries, IMAGE_TLV_HARDWARE_ID, &facts->hardware_id) &&
           find_number(flash, protected_entries, TLV_SECURITY_COUNTER, &facts->security_counter) &&
           find_entry(flash, entries, TLV_SHA256, facts->sha256, sizeof facts->sha256) &&
           hashes_to(flash, hashed, facts->sha256);
}

image_status image_check(const flash_device *flash, uint8_t bank, uint32_t hardware_id, uint32_t minimum_counter,
                         image_facts *facts) {
    if (!read_image(flash, image_bank_start(bank), facts)) {
        return IMAGE_DAMAGED;
    }
    if (facts->hardware_id != hardware_id) {
        return IMAGE_WRONG_HARDWARE;
    }
    return (facts->security_counter < minimum_counter) ? IMAGE_TOO_OLD : IMAGE_OK;
}
