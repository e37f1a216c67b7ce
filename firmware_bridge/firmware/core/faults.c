#include "faults.h"

#include "messages.h"

void faults_start(faults *self, logbook *log, permission *transmit) {
    self->log = log;
    self->transmit = transmit;
    self->since_us = 0u;
    faults_clear(self);
}

void faults_latch(faults *self, uint8_t code, int32_t detail, uint32_t now_us) {
    logbook_note(self->log, (uint8_t)(LOG_FAULT + code), now_us);
    if (self->code == FAULT_CODE_NONE) {
        self->code = code;
        self->detail = detail;
        self->since_us = now_us;
        self->unreported = true;
        permission_clear(self->transmit, TRANSMIT_OFF_FAULT, now_us);
    }
}

void faults_clear(faults *self) {
    self->code = FAULT_CODE_NONE;
    self->detail = 0;
    self->unreported = false;
}
