#include "logbook.h"

#include <string.h>

#include "messages.h"

#define LINE_BYTES 64u

typedef struct log_line {
    uint8_t level;
    const char *text; /* with its number and time within LINE_BYTES */
} log_line;

static const log_line LINES[LOG_N_LINES] = {
    {LOG_LEVEL_INFO, "armed"},
    {LOG_LEVEL_INFO, "transmit off: none"},
    {LOG_LEVEL_INFO, "transmit off: not armed"},
    {LOG_LEVEL_INFO, "transmit off: disarmed"},
    {LOG_LEVEL_WARNING, "transmit off: heartbeat lost"},
    {LOG_LEVEL_INFO, "transmit off: frozen"},
    {LOG_LEVEL_WARNING, "transmit off: too hot"},
    {LOG_LEVEL_WARNING, "transmit off: noisy line"},
    {LOG_LEVEL_WARNING, "transmit off: battery low"},
    {LOG_LEVEL_ERROR, "transmit off: fault"},
    {LOG_LEVEL_INFO, "transmit off: new session"},
    {LOG_LEVEL_INFO, "transmit off: stopped"},
    {LOG_LEVEL_ERROR, "fault: none"},
    {LOG_LEVEL_ERROR, "fault: front end"},
    {LOG_LEVEL_ERROR, "fault: over temperature"},
    {LOG_LEVEL_ERROR, "fault: watchdog"},
    {LOG_LEVEL_ERROR, "fault: self test"},
    {LOG_LEVEL_ERROR, "fault: flash"},
    {LOG_LEVEL_INFO, "update: receiving"},
    {LOG_LEVEL_INFO, "update: pending"},
    {LOG_LEVEL_INFO, "update: confirmed"},
    {LOG_LEVEL_WARNING, "update: refused"}};

void logbook_start(logbook *self) { self->n_noted = 0u; }

void logbook_note(logbook *self, uint8_t line, uint32_t now_us) {
    if (self->n_noted < LOG_MAX_NOTED) {
        self->noted[self->n_noted].line = line;
        self->noted[self->n_noted].noted_us = now_us;
        self->n_noted++;
    }
}

void logbook_emit(logbook *self, link_state *link) {
    for (uint8_t i = 0u; i < self->n_noted; i++) {
        const log_line *const line = &LINES[self->noted[i].line];
        const message_log_line message = {
            .level = line->level,
            .device_us = self->noted[i].noted_us,
            .line = (const uint8_t *)line->text,
            .line_size = strlen(line->text)};
        uint8_t body[LINE_BYTES];
        const size_t n_body = pack_log_line(&message, body);
        (void)link_send_plain(link, body, n_body);
    }
    self->n_noted = 0u;
}
