/* The fault latch: the first fault stays until it is cleared, the later ones are only logged. */
#ifndef SONO_FAULTS_H
#define SONO_FAULTS_H

#include <stdbool.h>
#include <stdint.h>

#include "logbook.h"
#include "permission.h"

typedef struct faults {
    logbook *log;
    permission *transmit;
    uint8_t code; /* FAULT_CODE_* */
    int32_t detail;
    uint32_t since_us;
    bool unreported;
} faults;

void faults_start(faults *self, logbook *log, permission *transmit);
/* A fault began. Its cause must call this once, not as long as it lasts. */
void faults_latch(faults *self, uint8_t code, int32_t detail, uint32_t now_us);
/* The causes are gone. A report that waits is dropped: whoever clears it knows it. */
void faults_clear(faults *self);

#endif
