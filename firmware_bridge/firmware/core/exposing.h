/* When the front end exposes, and the numbers of its frames. */
#ifndef SONO_EXPOSING_H
#define SONO_EXPOSING_H

#include <stdbool.h>
#include <stdint.h>

#define SECOND_US 1000000u

/* Moments a period apart. What nobody looked at in time is skipped, and the rest stay where they were. */
typedef struct grid {
    uint32_t last_us;
} grid;

/* The next moment is one period from now. */
void grid_restart(grid *self, uint32_t now_us);
/* Moments since the last look, up to now; the newest of them is then `last_us`. */
uint32_t grid_n_due(grid *self, uint32_t period_us, uint32_t now_us);

/* A fixed grid while imaging and not frozen; else the grid and the numbers stand still. Moments missed are counted. */
typedef struct exposing {
    grid moments; /* `last_us`: when the last frame was exposed */
    uint32_t next_frame;
    uint32_t frame; /* the last one exposed */
} exposing;

void exposing_start(exposing *self, uint32_t now_us);
/* Whether a frame was exposed since the last look; of several the newest, the others were missed. */
bool exposing_watch(exposing *self, bool running, uint32_t rate_hz, uint32_t now_us);
/* The new period counts from the last exposure; the next is not before the change. */
void exposing_change_rate(exposing *self, uint32_t rate_hz, uint32_t now_us);

#endif
