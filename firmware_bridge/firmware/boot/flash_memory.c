#include "flash_memory.h"

#include <stddef.h>
#include <string.h>

#include "layout.h"

static bool inside(uint32_t at, uint32_t n_bytes) { return (at <= FLASH_SIZE) && (n_bytes <= (FLASH_SIZE - at)); }

/* How much of an operation gets done: half of the one that the power cut tears. */
static uint32_t done_bytes(flash_memory *memory, uint32_t n_bytes) {
    if (*memory->cut_in == 0u) {
        return n_bytes;
    }
    *memory->cut_in -= 1u;
    memory->dead = *memory->cut_in == 0u;
    return memory->dead ? (n_bytes / 2u) : n_bytes;
}

static flash_status finish(flash_memory *memory) {
    if (!memory->dead) {
        return FLASH_OK;
    }
    if (memory->power_lost != NULL) {
        memory->power_lost(memory->context);
    }
    return FLASH_POWER_LOST;
}

static flash_status memory_read(void *context, uint32_t at, uint8_t *to, uint32_t n_bytes) {
    const flash_memory *memory = context;
    if (memory->dead) {
        return FLASH_POWER_LOST;
    }
    if (!inside(at, n_bytes)) {
        return FLASH_OUT_OF_RANGE;
    }
    (void)memcpy(to, &memory->bytes[at], n_bytes);
    return FLASH_OK;
}

static flash_status memory_erase_sector(void *context, uint32_t at) {
    flash_memory *memory = context;
    if (memory->dead) {
        return FLASH_POWER_LOST;
    }
    if (((at % FLASH_SECTOR_SIZE) != 0u) || !inside(at, FLASH_SECTOR_SIZE)) {
        return FLASH_OUT_OF_RANGE;
    }
    (void)memset(&memory->bytes[at], 0xFF, done_bytes(memory, FLASH_SECTOR_SIZE));
    return finish(memory);
}

static flash_status memory_program(void *context, uint32_t at, const uint8_t *from, uint32_t n_bytes) {
    flash_memory *memory = context;
    if (memory->dead) {
        return FLASH_POWER_LOST;
    }
    if (!inside(at, n_bytes)) {
        return FLASH_OUT_OF_RANGE;
    }
    for (uint32_t i = 0u; i < n_bytes; i++) {
        if ((from[i] & ~(uint32_t)memory->bytes[at + i]) != 0u) {
            return FLASH_SETS_BIT;
        }
    }
    (void)memcpy(&memory->bytes[at], from, done_bytes(memory, n_bytes));
    return finish(memory);
}

flash_device flash_memory_device(flash_memory *memory) {
    const flash_device device = {memory, memory_read, memory_erase_sector, memory_program};
    return device;
}
