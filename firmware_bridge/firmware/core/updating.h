/* A firmware update as the device takes it: into the bank that does not run, in order, and not while imaging.

   The bank's last sector is the update's own record: size and digest of the file, then one byte a sector, cleared when
   that sector was written whole. So an update goes on where it was, to the sector, after the power was cut at any
   moment. firmware_bridge/device/updating.py is the twin; functions return REFUSAL_*. */
#ifndef SONO_UPDATING_H
#define SONO_UPDATING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "faults.h"
#include "logbook.h"
#include "port.h"

#define UPDATE_DIGEST_BYTES 32u

/* Where the update stands. It outlives sessions. */
typedef struct updating {
    const port *machine;
    logbook *log;
    faults *latch;
    bool receiving;
    bool pending;
    uint8_t digest[UPDATE_DIGEST_BYTES];
    uint32_t size;   /* of the file, and the offset wanted next; 0 while nothing is received or pending */
    uint32_t offset;
} updating;

void updating_start(updating *self, const port *machine, logbook *log, faults *latch);
/* Whether the running image still has to be confirmed. */
bool updating_on_trial(const updating *self);
/* UPDATE_STATE_*. */
uint8_t updating_state(const updating *self);
/* Where a new image goes. */
uint8_t updating_bank(const updating *self);
/* The same file again goes on. Erases nothing of the bank. */
uint8_t updating_begin(updating *self, bool imaging, uint32_t size, const uint8_t digest[UPDATE_DIGEST_BYTES],
                       uint32_t now_us);
/* The next part of the file. */
uint8_t updating_take(updating *self, bool imaging, uint32_t offset, const uint8_t *data, size_t n_data,
                      uint32_t now_us);
/* All came: checks the file, and lets the next start try it. A file that was refused must come again. */
uint8_t updating_finish(updating *self, bool imaging, uint32_t now_us);
/* The running image works. */
uint8_t updating_confirm(updating *self, uint32_t now_us);

#endif
