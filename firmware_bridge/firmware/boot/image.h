/* Firmware images in MCUboot's format (docs/design.md of MCUboot): header, program, protected table, table. */
#ifndef SONO_IMAGE_H
#define SONO_IMAGE_H

#include <stdint.h>

#include "flash.h"
#include "layout.h"

#define BANK_NONE 0xFFu

typedef enum {
    IMAGE_OK = 0,
    IMAGE_DAMAGED = 1,        /* header, table or SHA-256 wrong, or flash unreadable */
    IMAGE_WRONG_HARDWARE = 2, /* made for another probe */
    IMAGE_TOO_OLD = 3         /* security counter under the minimum: it would bring an old weakness back */
} image_status;

typedef struct image_facts {
    uint8_t version_major;
    uint8_t version_minor;
    uint16_t version_revision;
    uint32_t version_build;
    uint32_t hardware_id;
    uint32_t security_counter;
    uint32_t size_bytes; /* header, program and tables: what is copied to memory */
    uint8_t sha256[32];  /* of header, program and protected table */
} image_facts;

static inline uint32_t image_bank_start(uint8_t bank) { return (bank == 0u) ? BANK_A_START : BANK_B_START; }

/* Whether the bank holds an image that may run on `hardware_id`. `facts` counts only for IMAGE_OK. */
image_status image_check(const flash_device *flash, uint8_t bank, uint32_t hardware_id, uint32_t minimum_counter,
                         image_facts *facts);

#endif
