#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes.h"
#include "layout.h"
#include "sha256.h"

#define N_SECTORS (FLASH_SIZE / FLASH_SECTOR_SIZE)

static uint8_t cells[FLASH_SIZE];
static bool touched[N_SECTORS];

void broken(const char *property, const char *file, int line) {
    (void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, property);
    abort();
}

/* ------------------------------------------------------------------------------------------------------- the input */

uint8_t take_u8(input *from) {
    size_t n_taken;
    const uint8_t *const byte = take_bytes(from, 1u, &n_taken);
    return (n_taken == 1u) ? *byte : 0u;
}

uint32_t take_u32(input *from) {
    uint32_t value = take_u8(from);
    value |= (uint32_t)take_u8(from) << 8;
    value |= (uint32_t)take_u8(from) << 16;
    return value | ((uint32_t)take_u8(from) << 24);
}

const uint8_t *take_bytes(input *from, size_t n_bytes, size_t *n_taken) {
    const uint8_t *const bytes = from->bytes;
    *n_taken = (n_bytes < from->n_bytes) ? n_bytes : from->n_bytes;
    from->bytes += *n_taken;
    from->n_bytes -= *n_taken;
    return bytes;
}

/* ------------------------------------------------------------------------------------------------------- the flash */

static void touch(uint32_t at, uint32_t n_bytes) {
    for (uint32_t sector = at / FLASH_SECTOR_SIZE; sector * FLASH_SECTOR_SIZE < at + n_bytes; sector++) {
        touched[sector] = true;
    }
}

static flash_device inner;

static flash_status rig_read(void *context, uint32_t at, uint8_t *to, uint32_t n_bytes) {
    const flash_status status = inner.read(context, at, to, n_bytes);
    HOLDS(status != FLASH_OUT_OF_RANGE);
    return status;
}

static flash_status rig_erase(void *context, uint32_t at) {
    const flash_status status = inner.erase_sector(context, at);
    HOLDS(status != FLASH_OUT_OF_RANGE);
    touch(at, FLASH_SECTOR_SIZE);
    return status;
}

static flash_status rig_program(void *context, uint32_t at, const uint8_t *from, uint32_t n_bytes) {
    const flash_status status = inner.program(context, at, from, n_bytes);
    HOLDS(status != FLASH_OUT_OF_RANGE);
    touch(at, n_bytes);
    return status;
}

rig *rig_new(void) {
    static rig self;
    static bool used;
    /* Only what the last input changed: a whole mebibyte for each would take most of the time. */
    for (uint32_t sector = 0u; sector < N_SECTORS; sector++) {
        if (!used || touched[sector]) {
            (void)memset(&cells[(size_t)sector * FLASH_SECTOR_SIZE], 0xFF, FLASH_SECTOR_SIZE);
            touched[sector] = false;
        }
    }
    used = true;
    (void)memset(&self, 0, sizeof self);
    self.memory.bytes = cells;
    self.memory.cut_in = &self.cut_in;
    inner = flash_memory_device(&self.memory);
    self.flash = inner;
    self.flash.read = rig_read;
    self.flash.erase_sector = rig_erase;
    self.flash.program = rig_program;
    return &self;
}

void rig_store(rig *self, uint32_t at, const uint8_t *bytes, size_t n_bytes) {
    const size_t room = FLASH_SIZE - at;
    const size_t n_stored = (n_bytes < room) ? n_bytes : room;
    (void)memcpy(&self->memory.bytes[at], bytes, n_stored);
    touch(at, (uint32_t)n_stored);
}

size_t rig_make_image(uint8_t *to, uint8_t n_program, uint8_t counter, uint32_t hardware_id) {
    const uint8_t protected_entries[20] = {0x08, 0x69, 20, 0, 0x50, 0, 4, 0, counter, 0, 0, 0, 0xA0, 0, 4, 0};
    const uint8_t plain[8] = {0x07, 0x69, 40, 0, 0x10, 0, 32, 0};
    const size_t tables = IMAGE_HEADER_SIZE + (size_t)n_program;
    sha256 hash;
    (void)memset(to, 0, IMAGE_HEADER_SIZE);
    put_u32(to, 0x96F3B83Du);
    put_u32(&to[4], IMAGE_LOAD_ADDRESS);
    to[9] = (uint8_t)(IMAGE_HEADER_SIZE >> 8);
    to[10] = sizeof protected_entries;
    put_u32(&to[12], n_program);
    to[16] = 0x20u;
    to[20] = counter; /* a version, so that two images differ */
    (void)memset(&to[IMAGE_HEADER_SIZE], n_program, n_program);
    (void)memcpy(&to[tables], protected_entries, sizeof protected_entries);
    put_u32(&to[tables + 16u], hardware_id);
    (void)memcpy(&to[tables + sizeof protected_entries], plain, sizeof plain);
    sha256_start(&hash);
    sha256_update(&hash, to, tables + sizeof protected_entries);
    sha256_finish(&hash, &to[tables + sizeof protected_entries + sizeof plain]);
    return tables + sizeof protected_entries + sizeof plain + 32u;
}
