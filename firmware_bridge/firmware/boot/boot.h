/* Which bank runs: the decision at each start, and what the running image may change about it.

   Record of the journal: the active bank is the one that is trusted; a pending one is on trial and falls back to the
   active one unless it confirms itself within BOOT_TRIES starts. firmware_bridge/boot.py is the twin. */
#ifndef SONO_BOOT_H
#define SONO_BOOT_H

#include <stdbool.h>
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
    uint32_t security_counter;
    uint32_t size_bytes;    /* header, program and tables: what is copied to memory */
    uint8_t sha256[32];     /* the digest that the tables state and the check confirmed */
} image_facts;

typedef struct boot_outcome {
    uint8_t bank;           /* 0 = A, 1 = B, BANK_NONE = nothing can run: stay in the boot loader */
    bool on_trial;          /* runs as pending: confirm or be rolled back */
    uint32_t boot_id;       /* never 0, another one at each start */
    image_facts image;
} boot_outcome;

typedef enum {
    BOOT_UPDATE_OK = 0,
    BOOT_UPDATE_ON_TRIAL = 1,     /* the running image must be confirmed first, or the way back would be erased */
    BOOT_UPDATE_DAMAGED = 2,      /* as IMAGE_DAMAGED */
    BOOT_UPDATE_WRONG_HARDWARE = 3,
    BOOT_UPDATE_TOO_OLD = 4,
    BOOT_UPDATE_FLASH_FAILED = 5  /* the journal could not be written; nothing changed */
} boot_update_status;

/* The bank's first address in flash. */
uint32_t boot_bank_start(uint8_t bank);

/* Whether the bank holds an image that may run on `hardware_id`; `facts` is filled as far as it could be read. */
image_status boot_check_image(const flash_device *flash, uint8_t bank, uint32_t hardware_id, uint32_t minimum_counter,
                              image_facts *facts);

/* At each start: choose, record the try and the start, say what to run. */
boot_outcome boot_select(const flash_device *flash, uint32_t hardware_id);

/* Before the first erase of an update: `bank` is where the new image goes. Takes back an older mark of it. */
boot_update_status boot_begin_update(const flash_device *flash, const boot_outcome *running, uint8_t *bank);

/* After the last byte: check the image and let the next start try it. */
boot_update_status boot_mark_pending(const flash_device *flash, const boot_outcome *running, uint32_t hardware_id);

/* The running image works: keep it, and refuse older security counters from now on. */
boot_update_status boot_confirm(const flash_device *flash, const boot_outcome *running);

#endif
