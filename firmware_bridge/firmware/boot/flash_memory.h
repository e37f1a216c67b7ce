/* Flash played by memory: the rules of flash over plain bytes, and a power cut in the middle of an operation. */
#ifndef SONO_FLASH_MEMORY_H
#define SONO_FLASH_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

#include "flash.h"

typedef struct flash_memory {
    uint8_t *bytes;     /* FLASH_SIZE of them */
    uint32_t *cut_in;   /* erases and programs until one is torn, that one counted; 0 = never. Outlives a reset. */
    bool dead;          /* the power is gone: nothing works until the next start */
    void (*power_lost)(void *context); /* called after the torn operation; NULL: later operations fail instead */
    void *context;
} flash_memory;

/* `memory` as the rest of the firmware sees it. */
flash_device flash_memory_device(flash_memory *memory);

#endif
