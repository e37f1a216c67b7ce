/* The few lines that the device logs: a table, and the lines noted during one call of the device. */
#ifndef SONO_LOGBOOK_H
#define SONO_LOGBOOK_H

#include <stdint.h>

#include "link.h"

/* Numbers of the lines; LOG_OFF and LOG_FAULT are followed by those of the reasons and faults. */
#define LOG_ARMED 0u
#define LOG_OFF 1u
#define LOG_FAULT 12u
#define LOG_UPDATE_RECEIVING 18u
#define LOG_UPDATE_PENDING 19u
#define LOG_UPDATE_CONFIRMED 20u
#define LOG_UPDATE_REFUSED 21u
#define LOG_N_LINES 22u

/* Lines noted in one call; what comes on top is not logged. */
#define LOG_MAX_NOTED 8u

typedef struct logbook_entry {
    uint8_t line;
    uint32_t noted_us;
} logbook_entry;

typedef struct logbook {
    logbook_entry noted[LOG_MAX_NOTED];
    uint8_t n_noted;
} logbook;

void logbook_start(logbook *self);
void logbook_note(logbook *self, uint8_t line, uint32_t now_us);
/* Sends the noted lines, the oldest first, and forgets them; without a session they are lost. */
void logbook_emit(logbook *self, link_state *link);

#endif
