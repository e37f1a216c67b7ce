#include "exposing.h"

void grid_restart(grid *self, uint32_t now_us) { self->last_us = now_us; }

uint32_t grid_n_due(grid *self, uint32_t period_us, uint32_t now_us) {
    const uint32_t n = (now_us - self->last_us) / period_us;
    self->last_us += n * period_us;
    return n;
}

void exposing_start(exposing *self, uint32_t now_us) {
    grid_restart(&self->moments, now_us);
    self->next_frame = 0u;
    self->frame = 0u;
}

bool exposing_watch(exposing *self, bool running, uint32_t rate_hz, uint32_t now_us) {
    uint32_t n;
    if (!running) {
        grid_restart(&self->moments, now_us);
        return false;
    }
    n = grid_n_due(&self->moments, SECOND_US / rate_hz, now_us);
    if (n > 0u) {
        self->next_frame += n;
        self->frame = self->next_frame - 1u;
    }
    return n > 0u;
}

void exposing_change_rate(exposing *self, uint32_t rate_hz, uint32_t now_us) {
    const uint32_t period_us = SECOND_US / rate_hz;
    if ((now_us - self->moments.last_us) >= period_us) {
        self->moments.last_us = (now_us + 1u) - period_us;
    }
}
