/* Flash with its rules: erase a sector to ones, program only to zeros, nothing outside. The port enforces them. */
#ifndef SONO_FLASH_H
#define SONO_FLASH_H

#include <stdint.h>

typedef enum {
    FLASH_OK = 0,
    FLASH_OUT_OF_RANGE = 1, /* outside the flash, or an erase that does not begin at a sector */
    FLASH_SETS_BIT = 2,     /* a program that would turn a 0 into a 1; nothing was written */
    FLASH_POWER_LOST = 3    /* torn, or after the power was cut; real hardware never returns this */
} flash_status;

typedef struct flash_device {
    void *context;
    flash_status (*read)(void *context, uint32_t at, uint8_t *to, uint32_t n_bytes);
    flash_status (*erase_sector)(void *context, uint32_t at);
    flash_status (*program)(void *context, uint32_t at, const uint8_t *from, uint32_t n_bytes);
} flash_device;

static inline flash_status flash_read(const flash_device *flash, uint32_t at, uint8_t *to, uint32_t n_bytes) {
    return flash->read(flash->context, at, to, n_bytes);
}

static inline flash_status flash_erase_sector(const flash_device *flash, uint32_t at) {
    return flash->erase_sector(flash->context, at);
}

/* Any address and length: the parts chosen here program single bytes, as SPI NOR does. */
static inline flash_status flash_program(const flash_device *flash, uint32_t at, const uint8_t *from,
                                         uint32_t n_bytes) {
    return flash->program(flash->context, at, from, n_bytes);
}

#endif
