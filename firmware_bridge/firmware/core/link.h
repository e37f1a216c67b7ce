/* The link: nothing lost, nothing twice, over a line that damages, drops and doubles bytes. No clock, no thread.

   The device's end of firmware_bridge/line/link.py, which says why things are as they are; the same bytes out for the same
   calls in. Times are microseconds that wrap at 2^32. */
#ifndef SONO_LINK_H
#define SONO_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "framing.h"
#include "messages.h"
#include "outbox.h"
#include "sender.h"

/* What the link tells its owner, inside `link_receive` and `link_tick`. Each may call `link_send` and
   `link_send_plain`; a body stands only for the length of the call. */
typedef struct link_user {
    void *context;
    void (*opened)(void *context);
    /* Whether the next reliable body may come; else it waits in the link. */
    bool (*ready)(void *context);
    void (*reliable)(void *context, const uint8_t *body, size_t n_body);
    void (*plain)(void *context, const uint8_t *body, size_t n_body);
} link_user;

/* What the link saw; in the order of the LinkStatistics message. */
typedef struct link_counters {
    uint32_t good;
    uint32_t damaged;
    uint32_t malformed;
    uint32_t stale;
    uint32_t duplicate;
    uint32_t delivered;
    uint32_t sent;
    uint32_t retransmitted;
    uint32_t timeouts;
    uint32_t naks_sent;
    uint32_t naks_received;
    uint32_t plain_sent;
    uint32_t plain_received;
    uint32_t plain_lost;
    uint32_t plain_dropped;
} link_counters;

/* A reliable body that came and was not delivered yet. */
typedef struct link_held {
    uint8_t body[LINK_MAX_BODY_BYTES];
    size_t n_body;
    bool taken;
} link_held;

typedef struct link_state {
    link_user user;
    uint32_t boot_id;
    deframer input;
    outbox output;
    uint8_t wire[1u + FRAME_MAX_BLOCK_BYTES + 1u]; /* a frame being made, with an extra delimiter before it */
    link_counters counters;
    uint8_t session; /* 0: none is open */
    bool reset_said;
    uint32_t reset_said_us;
    /* All from here on begins anew with each session. */
    sender outgoing;
    uint8_t expected; /* next in-order sequence number of the other end */
    link_held held[WINDOW_FRAMES]; /* by sequence number modulo WINDOW_FRAMES */
    bool ack_due;
    bool nak_due;
    bool nak_standing;
    uint8_t plain_seq;
    bool plain_known;
    uint8_t plain_expected;
    bool used; /* a frame of this session came in */
} link_state;

/* `boot_id` tells the host of a reset. */
void link_start(link_state *self, const link_user *user, uint32_t boot_id);
/* Reliable bodies that may still be sent before one is acknowledged. */
uint8_t link_n_free(const link_state *self);
/* Takes a reliable body; it leaves with the next flush. False: no session, window full, or body too long. */
bool link_send(link_state *self, const uint8_t *body, size_t n_body);
/* Sends an unreliable body now. False, and counted: half of the outbox is taken by what did not leave yet. */
bool link_send_plain(link_state *self, const uint8_t *body, size_t n_body);
/* Takes bytes off the line, delivers what they complete, and answers. */
void link_receive(link_state *self, const uint8_t *bytes, size_t n_bytes, uint32_t now_us);
/* At least every few milliseconds: timeouts, and what found no room before. */
void link_tick(link_state *self, uint32_t now_us);
/* Delivers what the user is ready for, and puts what is due on its way as far as there is room. */
void link_flush(link_state *self, uint32_t now_us);
/* Up to `room` bytes for the line. */
size_t link_pull(link_state *self, uint8_t *to, size_t room);

#endif
