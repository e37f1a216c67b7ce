/* The permission to transmit, and what watches over it. Many things clear it; arming gives it back, and unfreezing
   where the freeze alone took it.

   Armed implies all of its conditions, since whatever ends one of them clears it; so armed is transmitting. */
#ifndef SONO_PERMISSION_H
#define SONO_PERMISSION_H

#include <stdbool.h>
#include <stdint.h>

#include "logbook.h"

/* Imaging and freeze do not depend on each other. */
typedef struct permission {
    logbook *log;
    bool imaging;
    bool frozen;
    bool armed;
    uint8_t off;       /* TRANSMIT_OFF_*: the first reason since it was armed; FROZEN: the freeze alone took it */
    uint32_t since_us; /* when flags or reason changed last */
    bool unreported;      /* the host was not told yet */
} permission;

void permission_start(permission *self, logbook *log, uint32_t now_us);
/* Bits of EXPOSURE_FLAG_*. */
uint8_t permission_flags(const permission *self);
/* The conditions hold. */
void permission_arm(permission *self, uint32_t now_us);
/* The first reason stays, but FROZEN: what ends the permission while it waits for the end of the freeze ends that too. */
void permission_clear(permission *self, uint8_t reason, uint32_t now_us);
void permission_image(permission *self, bool on, uint32_t now_us);
/* Whoever ends the freeze has acted: it gives back what the freeze alone took. The conditions hold then, since whatever
   ended one of them meanwhile took FROZEN's place. */
void permission_freeze(permission *self, bool on, uint32_t now_us);

/* Whether the host was heard lately in this session. */
typedef struct heartbeat {
    bool heard;
    uint32_t heard_us;
} heartbeat;

/* A session begins: nothing was heard in it yet. */
void heartbeat_begin(heartbeat *self);
void heartbeat_hear(heartbeat *self, uint32_t now_us);
/* Whether the host is unheard. */
bool heartbeat_watch(heartbeat *self, uint32_t now_us);

/* Whether too many frames arrive damaged. Windows follow each other; a quiet one ends the storm. */
typedef struct storm {
    bool noisy;
    uint32_t began_us;
    uint32_t damaged_before;
} storm;

void storm_start(storm *self, uint32_t now_us);
/* Whether the line is noisy; `n_damaged` counts since the start of the device. */
bool storm_watch(storm *self, uint32_t n_damaged, uint32_t now_us);

#endif
