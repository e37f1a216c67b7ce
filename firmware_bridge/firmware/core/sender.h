/* The sending half of the link's window: reliable bodies until they are acknowledged, and which of them must go.

   firmware_bridge/line/sender.py is the reference. Times are microseconds that wrap at 2^32. */
#ifndef SONO_SENDER_H
#define SONO_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "framing.h"
#include "messages.h"
#include "round_trip.h"

#define LINK_HEADER_BYTES 3u
#define LINK_MAX_BODY_BYTES (FRAME_MAX_PAYLOAD_BYTES - LINK_HEADER_BYTES)

typedef struct sender_slot {
    uint8_t body[LINK_MAX_BODY_BYTES];
    size_t n_body;
    bool taken;
    bool due;         /* to be transmitted at the next flush */
    uint32_t n_sends;
    uint32_t sent_us;
    uint32_t order;   /* counts transmissions of the whole link, to tell which left later */
    bool lost;        /* the copy before the next one cannot have come */
    uint32_t proven;  /* order of the earliest copy that an acknowledgement can mean */
} sender_slot;

typedef struct sender {
    round_trip timer;
    uint8_t base; /* oldest sequence number that is not acknowledged */
    uint8_t next; /* the next one to be given away */
    sender_slot slots[WINDOW_FRAMES]; /* by sequence number modulo WINDOW_FRAMES */
    uint32_t order;
    uint32_t newest_acked;
    bool heard; /* a frame of this session came in */
    uint32_t heard_us;
} sender;

/* From one sequence number on to another; they wrap at 256. */
static inline uint8_t sequence_distance(uint8_t from, uint8_t to) { return (uint8_t)(to - from); }

/* Forgets everything: a session begins. */
void sender_start(sender *self);
/* Bodies that may still be taken before one is acknowledged. */
uint8_t sender_n_free(const sender *self);
/* False where the window is full or the body too long. */
bool sender_take(sender *self, const uint8_t *body, size_t n_body);
/* All before `ack` came; bit i: ack + i is here too. False where that cannot be. */
bool sender_acknowledged(sender *self, uint8_t ack, uint32_t bits, uint32_t now_us);
/* What left before an acknowledged frame, and is not here by the other end's full account, is lost and due again. */
void sender_find_lost(sender *self);
/* The other end got a damaged frame. */
void sender_nak(sender *self, uint32_t now_us);
/* Whether the oldest frame on its way has timed out; it is due then. */
bool sender_timed_out(sender *self, uint32_t now_us);
/* The oldest body that is due and its sequence number, or NULL. */
sender_slot *sender_next_due(sender *self, uint8_t *seq);
/* The body is on its way. */
void sender_sent(sender *self, sender_slot *slot, uint32_t now_us);

#endif
