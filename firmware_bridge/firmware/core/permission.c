#include "permission.h"

#include "messages.h"

void permission_start(permission *self, logbook *log, uint32_t now_us) {
    self->log = log;
    self->imaging = false;
    self->frozen = false;
    self->armed = false;
    self->off = TRANSMIT_OFF_NOT_ARMED;
    self->since_us = now_us;
    self->unreported = false;
}

uint8_t permission_flags(const permission *self) {
    uint32_t flags = 0u;
    if (self->armed) {
        flags |= EXPOSURE_FLAG_TRANSMITTING | EXPOSURE_FLAG_ARMED;
    }
    if (self->frozen) {
        flags |= EXPOSURE_FLAG_FROZEN;
    }
    if (self->imaging) {
        flags |= EXPOSURE_FLAG_IMAGING;
    }
    return (uint8_t)flags;
}

static void change(permission *self, uint32_t now_us) {
    self->since_us = now_us;
    self->unreported = true;
}

void permission_arm(permission *self, uint32_t now_us) {
    if (!self->armed) {
        self->armed = true;
        self->off = TRANSMIT_OFF_NONE;
        logbook_note(self->log, LOG_ARMED, now_us);
        change(self, now_us);
    }
}

void permission_clear(permission *self, uint8_t reason, uint32_t now_us) {
    if (self->armed || ((self->off == TRANSMIT_OFF_FROZEN) && (reason != TRANSMIT_OFF_FROZEN))) {
        self->armed = false;
        self->off = reason;
        logbook_note(self->log, (uint8_t)(LOG_OFF + reason), now_us);
        change(self, now_us);
    }
}

void permission_image(permission *self, bool on, uint32_t now_us) {
    if (!on) {
        permission_clear(self, TRANSMIT_OFF_STOPPED, now_us);
    }
    if (self->imaging != on) {
        self->imaging = on;
        change(self, now_us);
    }
}

void permission_freeze(permission *self, bool on, uint32_t now_us) {
    if (on) {
        permission_clear(self, TRANSMIT_OFF_FROZEN, now_us);
    }
    if (self->frozen != on) {
        self->frozen = on;
        change(self, now_us);
        if (!on && (self->off == TRANSMIT_OFF_FROZEN)) {
            permission_arm(self, now_us);
        }
    }
}

void heartbeat_begin(heartbeat *self) {
    self->heard = false;
    self->heard_us = 0u;
}

void heartbeat_hear(heartbeat *self, uint32_t now_us) {
    self->heard = true;
    self->heard_us = now_us;
}

bool heartbeat_watch(heartbeat *self, uint32_t now_us) {
    if (self->heard && ((now_us - self->heard_us) >= HEARTBEAT_TIMEOUT_US)) {
        self->heard = false;
    }
    return !self->heard;
}

void storm_start(storm *self, uint32_t now_us) {
    self->noisy = false;
    self->began_us = now_us;
    self->damaged_before = 0u;
}

bool storm_watch(storm *self, uint32_t n_damaged, uint32_t now_us) {
    const bool many = (n_damaged - self->damaged_before) > STORM_DAMAGED_FRAMES;
    if (many) {
        self->noisy = true;
    }
    if ((now_us - self->began_us) >= STORM_WINDOW_US) {
        self->noisy = many;
        self->began_us = now_us;
        self->damaged_before = n_damaged;
    }
    return self->noisy;
}
