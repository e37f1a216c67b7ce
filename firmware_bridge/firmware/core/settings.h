/* The parameters and their epoch. A change is all or nothing, and holds for the exposures after its moment. */
#ifndef SONO_SETTINGS_H
#define SONO_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "limits.h"
#include "messages.h"

/* Values of preset 0 at the start. They outlive sessions, imaging and freeze. */
typedef struct settings {
    int32_t values[N_PARAMETERS];
    uint32_t epoch;
    uint32_t since_us; /* the epoch holds for the exposures whose time is later than this */
    bool unreported;
} settings;

void settings_start(settings *self, uint32_t now_us);
/* Sets what `pairs` ask for together. A refusal names the first pair that cannot be, then the first limit. */
limits_verdict settings_change(settings *self, const uint8_t *pairs, size_t n_bytes, uint32_t now_us);

#endif
