/* Which bank runs: the decision at each start, and what the running image may change about it.

   Record of the journal: the active bank is the one that is trusted; a pending one is on trial and falls back to the
   active one unless it confirms itself within BOOT_TRIES starts. firmware_bridge/device/boot.py is the twin. */
#ifndef SONO_BOOT_H
#define SONO_BOOT_H

#include <stdbool.h>
#include <stdint.h>

#include "flash.h"
#include "image.h"

typedef struct boot_outcome {
    uint8_t bank;           /* 0 = A, 1 = B, BANK_NONE = nothing can run: stay in the boot loader */
    bool on_trial;          /* runs as pending: confirm or be rolled back */
    uint32_t boot_id;       /* never 0, another one at each start while the journal can be written */
    image_facts image;
} boot_outcome;

typedef enum {
    BOOT_UPDATE_OK = 0,
    BOOT_UPDATE_ON_TRIAL = 1,     /* the running image must be confirmed first, or the way back would be erased */
    BOOT_UPDATE_DAMAGED = 2,      /* these three as image_status */
    BOOT_UPDATE_WRONG_HARDWARE = 3,
    BOOT_UPDATE_TOO_OLD = 4,
    BOOT_UPDATE_FLASH_FAILED = 5  /* the journal could not be written; nothing changed */
} boot_update_status;

/* At each start: choose, record the try and the start, say what to run. */
boot_outcome boot_select(const flash_device *flash, uint32_t hardware_id);

/* The bank that does not run: where a new image goes. */
static inline uint8_t boot_spare_bank(const boot_outcome *running) { return (running->bank == 0u) ? 1u : 0u; }

/* Whether the running image still has to confirm itself. */
bool boot_is_on_trial(const flash_device *flash, const boot_outcome *running);

/* Before the first erase of the spare bank. Takes back an older mark of it. */
boot_update_status boot_begin_update(const flash_device *flash, const boot_outcome *running);

/* After the last byte: check the image and let the next start try it. */
boot_update_status boot_mark_pending(const flash_device *flash, const boot_outcome *running, uint32_t hardware_id);

/* The running image works: keep it, and refuse older security counters from now on. */
boot_update_status boot_confirm(const flash_device *flash, const boot_outcome *running);

#endif
