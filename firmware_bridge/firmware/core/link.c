#include "link.h"

#include <string.h>

#define KIND_HELLO 1u
#define KIND_WELCOME 2u
#define KIND_DATA 3u
#define KIND_PLAIN 4u
#define KIND_ACK 5u
#define KIND_NAK 6u
#define KIND_RESET 7u
#define SESSION_BITS 0x1Fu
#define NO_SESSION 0u

/* Magic, protocol version u16, layout digest, boot id u32: the one body that never changes. */
#define VERSION_AT 4u
#define DIGEST_AT 6u
#define DIGEST_BYTES 8u
#define BOOT_ID_AT 14u
#define GREETING_BYTES 18u
#define BITMAP_BYTES 2u

static const uint8_t OWN_MAGIC_AND_VERSION[DIGEST_AT] = {
    (uint8_t)'S', (uint8_t)'O', (uint8_t)'N', (uint8_t)'O', PROTOCOL_VERSION & 0xFFu, PROTOCOL_VERSION >> 8};
static const uint8_t OWN_DIGEST[DIGEST_BYTES] = LAYOUT_DIGEST;

static uint8_t distance(uint8_t from, uint8_t to) { return (uint8_t)(to - from); }

/* The sequence number wraps at a multiple of WINDOW_FRAMES, so each one of a window has its own place. */
static link_slot *slot_at(link_state *self, uint32_t seq) { return &self->slots[seq % WINDOW_FRAMES]; }

static link_held *held_at(link_state *self, uint32_t seq) { return &self->held[seq % WINDOW_FRAMES]; }

/* The slot `k` after the oldest one, where it waits for its acknowledgement; else NULL. */
static link_slot *unacknowledged(link_state *self, uint32_t k) {
    link_slot *const slot = slot_at(self, self->base + k);
    return slot->taken ? slot : NULL;
}

static void clear(link_state *self) {
    round_trip_start(&self->timer);
    self->base = 0u;
    self->next = 0u;
    self->order = 0u;
    self->newest_acked = 0u;
    self->expected = 0u;
    for (uint32_t i = 0u; i < WINDOW_FRAMES; i++) {
        self->slots[i].taken = false;
        self->held[i].taken = false;
    }
    self->ack_due = false;
    self->nak_due = false;
    self->nak_standing = false;
    self->plain_seq = 0u;
    self->plain_known = false;
    self->plain_expected = 0u;
    self->used = false;
}

void link_start(link_state *self, const link_user *user, uint32_t boot_id) {
    self->user = *user;
    self->boot_id = boot_id;
    deframer_start(&self->input);
    outbox_start(&self->output);
    (void)memset(&self->counters, 0, sizeof self->counters);
    self->session = NO_SESSION;
    self->reset_said = false;
    self->reset_said_us = 0u;
    clear(self);
}

/* ------------------------------------------------------------------------------------------------------- emission */

/* Bit i: the frame i + 1 after the one expected is held. */
static uint16_t bitmap(link_state *self) {
    uint32_t bits = 0u;
    for (uint32_t k = 1u; k < WINDOW_FRAMES; k++) {
        if (held_at(self, self->expected + k)->taken) {
            bits |= (uint32_t)1u << (k - 1u);
        }
    }
    return (uint16_t)bits;
}

/* A frame into the outbox, led by an extra delimiter where `lead`. False: no room. */
static bool emit(link_state *self, const uint8_t header[LINK_HEADER_BYTES], const uint8_t *body, size_t n_body,
                 bool lead) {
    frame_writer writer;
    size_t n_frame;
    self->wire[0] = FRAME_DELIMITER;
    frame_begin(&writer, &self->wire[1]);
    frame_add(&writer, header, LINK_HEADER_BYTES);
    frame_add(&writer, body, n_body);
    n_frame = frame_end(&writer);
    return lead ? outbox_put(&self->output, self->wire, n_frame + 1u)
                : outbox_put(&self->output, &self->wire[1], n_frame);
}

/* A frame of the open session. */
static bool emit_here(link_state *self, uint8_t kind, uint8_t seq, const uint8_t *body, size_t n_body, bool lead) {
    const uint8_t header[LINK_HEADER_BYTES] = {(uint8_t)((uint32_t)(kind << 5) | self->session), seq, self->expected};
    const bool done = emit(self, header, body, n_body, lead);
    if (done && ((kind == KIND_DATA) || (kind == KIND_PLAIN)) && (bitmap(self) == 0u)) {
        self->ack_due = false;
    }
    return done;
}

static bool transmit(link_state *self, uint8_t seq, link_slot *slot, uint32_t now_us) {
    if (!emit_here(self, KIND_DATA, seq, slot->body, slot->n_body, slot->n_sends > 0u)) {
        return false;
    }
    if (slot->n_sends == 0u) {
        self->counters.sent++;
    } else {
        self->counters.retransmitted++;
    }
    self->order++;
    slot->due = false;
    slot->n_sends++;
    slot->sent_us = now_us;
    slot->order = self->order;
    return true;
}

static void acknowledge(link_state *self) {
    const uint16_t bits = bitmap(self);
    const uint8_t body[BITMAP_BYTES] = {(uint8_t)(bits & 0xFFu), (uint8_t)(bits >> 8)};
    if (emit_here(self, self->nak_due ? KIND_NAK : KIND_ACK, 0u, body, BITMAP_BYTES, false)) {
        if (self->nak_due) {
            self->counters.naks_sent++;
        }
        self->nak_due = false;
        self->ack_due = false;
    }
}

/* Own boot id, little-endian. */
static void put_boot_id(const link_state *self, uint8_t *to) {
    for (uint32_t i = 0u; i < 4u; i++) {
        to[i] = (uint8_t)((self->boot_id >> (8u * i)) & 0xFFu);
    }
}

/* Tells a host that still talks in an old session that there is none; not more often than it can be heard. */
static void say_reset(link_state *self, uint32_t now_us) {
    if (!self->reset_said || ((now_us - self->reset_said_us) >= RESET_PAUSE_US)) {
        const uint8_t header[LINK_HEADER_BYTES] = {KIND_RESET << 5, 0u, self->expected};
        uint8_t body[4];
        put_boot_id(self, body);
        self->reset_said = true;
        self->reset_said_us = now_us;
        (void)emit(self, header, body, sizeof body, true);
    }
}

static void welcome(link_state *self, uint8_t session) {
    const uint8_t header[LINK_HEADER_BYTES] = {(uint8_t)((KIND_WELCOME << 5) | session), 0u, self->expected};
    uint8_t body[GREETING_BYTES];
    (void)memcpy(body, OWN_MAGIC_AND_VERSION, DIGEST_AT);
    (void)memcpy(&body[DIGEST_AT], OWN_DIGEST, DIGEST_BYTES);
    put_boot_id(self, &body[BOOT_ID_AT]);
    (void)emit(self, header, body, GREETING_BYTES, true);
}

/* ------------------------------------------------------------------------------------------------ acknowledgements */

static bool left_later(uint32_t order, uint32_t than) {
    const uint32_t ahead = order - than;
    return (ahead != 0u) && (ahead < 0x80000000u);
}

/* From the acknowledged frame that left last: the round trip, and that all which left before it are lost. */
static void learn(link_state *self, const link_slot *newest, uint32_t now_us) {
    if (newest->n_sends == 1u) { /* after Karn: a retransmitted frame does not say which copy was acknowledged */
        round_trip_sample(&self->timer, now_us - newest->sent_us);
    }
    if (left_later(newest->order, self->newest_acked)) {
        self->newest_acked = newest->order;
    }
    for (uint32_t k = 0u; k < distance(self->base, self->next); k++) {
        link_slot *const slot = unacknowledged(self, k);
        if ((slot != NULL) && (slot->n_sends > 0u) && left_later(self->newest_acked, slot->order)) {
            slot->due = true;
        }
    }
}

/* All before `ack` came, and what the bits after it say. */
static void acknowledged(link_state *self, uint8_t ack, uint32_t bits, uint32_t now_us) {
    const uint32_t n_away = distance(self->base, self->next);
    const uint32_t n_done = distance(self->base, ack);
    const link_slot *newest = NULL;
    if (n_done > n_away) {
        if (distance(ack, self->base) > WINDOW_FRAMES) {
            self->counters.malformed++;
        }
        return;
    }
    for (uint32_t k = 0u; k < n_away; k++) {
        link_slot *const slot = unacknowledged(self, k);
        const bool done = (k < n_done) || ((k > n_done) && (((bits >> (k - n_done - 1u)) & 1u) != 0u));
        if ((slot != NULL) && done) {
            slot->taken = false;
            if ((slot->n_sends > 0u) && ((newest == NULL) || left_later(slot->order, newest->order))) {
                newest = slot;
            }
        }
    }
    self->base = ack;
    if (newest != NULL) {
        learn(self, newest, now_us);
    }
}

/* The other end got a damaged frame. The oldest goes again where all have been away long enough to be that one. */
static void receive_nak(link_state *self, uint32_t now_us) {
    link_slot *oldest = NULL;
    bool all_old = true;
    self->counters.naks_received++;
    for (uint32_t k = 0u; k < distance(self->base, self->next); k++) {
        link_slot *const slot = unacknowledged(self, k);
        if ((slot != NULL) && (slot->n_sends > 0u)) {
            oldest = (oldest == NULL) ? slot : oldest;
            all_old = all_old && ((now_us - slot->sent_us) >= (self->timer.srtt_us / 2u));
        }
    }
    if ((oldest != NULL) && all_old) {
        oldest->due = true;
    }
}

/* Only the oldest frame that is away is timed. */
static void check_timeout(link_state *self, uint32_t now_us) {
    link_slot *oldest = NULL;
    for (uint32_t k = 0u; (k < distance(self->base, self->next)) && (oldest == NULL); k++) {
        link_slot *const slot = unacknowledged(self, k);
        if ((slot != NULL) && (slot->n_sends > 0u) && !slot->due) {
            oldest = slot;
        }
    }
    if ((oldest != NULL) && ((now_us - oldest->sent_us) >= self->timer.rto_us)) {
        oldest->due = true;
        self->counters.timeouts++;
        round_trip_back_off(&self->timer);
    }
}

/* ------------------------------------------------------------------------------------------------------- reception */

static void deliver(link_state *self) {
    for (uint32_t i = 0u; i < WINDOW_FRAMES; i++) {
        link_held *const held = held_at(self, self->expected);
        if (!held->taken || !self->user.ready(self->user.context)) {
            return;
        }
        held->taken = false;
        self->expected++;
        self->ack_due = true;
        self->counters.delivered++;
        self->user.reliable(self->user.context, held->body, held->n_body);
    }
}

static void receive_data(link_state *self, uint8_t seq, const uint8_t *body, size_t n_body) {
    const uint8_t ahead = distance(self->expected, seq);
    link_held *const held = held_at(self, seq);
    if ((ahead < WINDOW_FRAMES) && !held->taken) {
        (void)memcpy(held->body, body, n_body);
        held->n_body = n_body;
        held->taken = true;
    } else if ((ahead < WINDOW_FRAMES) || (distance(seq, self->expected) <= WINDOW_FRAMES)) {
        self->counters.duplicate++;
    } else {
        self->counters.stale++;
        return;
    }
    self->ack_due = true;
    deliver(self);
}

static void receive_plain(link_state *self, uint8_t seq, const uint8_t *body, size_t n_body) {
    if (self->plain_known) {
        self->counters.plain_lost += distance(self->plain_expected, seq);
    }
    self->plain_known = true;
    self->plain_expected = (uint8_t)(seq + 1u);
    self->counters.plain_received++;
    self->user.plain(self->user.context, body, n_body);
}

static void receive_here(link_state *self, uint8_t kind, const uint8_t *payload, size_t n_body, uint32_t now_us) {
    const uint8_t *const body = &payload[LINK_HEADER_BYTES];
    const bool has_bits = (kind == KIND_ACK) || (kind == KIND_NAK);
    uint32_t bits = 0u;
    if (has_bits) {
        if (n_body != BITMAP_BYTES) {
            self->counters.malformed++;
            return;
        }
        bits = (uint32_t)body[0] | ((uint32_t)body[1] << 8);
    }
    self->used = true;
    self->nak_standing = false;
    acknowledged(self, payload[2], bits, now_us);
    if (kind == KIND_DATA) {
        receive_data(self, payload[1], body, n_body);
    } else if (kind == KIND_PLAIN) {
        receive_plain(self, payload[1], body, n_body);
    } else if (kind == KIND_NAK) {
        receive_nak(self, now_us);
    } else {
        /* An ACK says nothing more. */
    }
}

static void receive_hello(link_state *self, uint8_t session, const uint8_t *body, size_t n_body) {
    bool fits;
    if ((n_body != GREETING_BYTES) || (memcmp(body, OWN_MAGIC_AND_VERSION, VERSION_AT) != 0) || (session == NO_SESSION)) {
        self->counters.malformed++;
        return;
    }
    fits = (memcmp(body, OWN_MAGIC_AND_VERSION, DIGEST_AT) == 0) && (memcmp(&body[DIGEST_AT], OWN_DIGEST, DIGEST_BYTES) == 0);
    if (fits && ((session != self->session) || self->used)) {
        /* A host that asks again has not had the answer and so has not used the session; one that was used is new. */
        clear(self);
        self->session = session;
        self->user.opened(self->user.context);
    }
    welcome(self, session);
}

static void receive_frame(link_state *self, const uint8_t *payload, size_t n_payload, uint32_t now_us) {
    const uint8_t kind = payload[0] >> 5;
    const uint8_t session = payload[0] & SESSION_BITS;
    self->counters.good++;
    if (n_payload < LINK_HEADER_BYTES) {
        self->counters.malformed++;
    } else if (kind == KIND_HELLO) {
        receive_hello(self, session, &payload[LINK_HEADER_BYTES], n_payload - LINK_HEADER_BYTES);
    } else if ((kind < KIND_DATA) || (kind > KIND_NAK)) {
        self->counters.malformed++; /* of no kind, or of one that only a device sends */
    } else if ((session == NO_SESSION) || (session != self->session)) {
        self->counters.stale++;
        if (self->session == NO_SESSION) {
            say_reset(self, now_us);
        }
    } else {
        receive_here(self, kind, payload, n_payload - LINK_HEADER_BYTES, now_us);
    }
}

/* -------------------------------------------------------------------------------------------------- for the caller */

uint8_t link_n_free(const link_state *self) {
    return (uint8_t)(WINDOW_FRAMES - distance(self->base, self->next));
}

bool link_send(link_state *self, const uint8_t *body, size_t n_body) {
    link_slot *const slot = slot_at(self, self->next);
    if ((self->session == NO_SESSION) || (link_n_free(self) == 0u) || (n_body > LINK_MAX_BODY_BYTES)) {
        return false;
    }
    (void)memcpy(slot->body, body, n_body);
    slot->n_body = n_body;
    slot->taken = true;
    slot->due = true;
    slot->n_sends = 0u;
    self->next++;
    return true;
}

bool link_send_plain(link_state *self, const uint8_t *body, size_t n_body) {
    if ((self->session == NO_SESSION) || (n_body > LINK_MAX_BODY_BYTES)) {
        return false;
    }
    if ((2u * self->output.n_bytes) > OUTBOX_BYTES) {
        self->counters.plain_dropped++;
        return false;
    }
    (void)emit_here(self, KIND_PLAIN, self->plain_seq, body, n_body, false);
    self->plain_seq++;
    self->counters.plain_sent++;
    return true;
}

void link_receive(link_state *self, const uint8_t *bytes, size_t n_bytes, uint32_t now_us) {
    uint32_t n_damaged = 0u;
    for (size_t i = 0u; i < n_bytes; i++) {
        size_t n_payload = 0u;
        const deframer_result result = deframer_take(&self->input, bytes[i], &n_payload);
        if (result == DEFRAMER_FRAME) {
            receive_frame(self, self->input.block, n_payload, now_us);
        } else if (result == DEFRAMER_DAMAGED) {
            n_damaged++;
        } else {
            /* The frame goes on. */
        }
    }
    /* Counted after the good ones, so that a chunk asks for one repetition only, of what is missing then. */
    self->counters.damaged += n_damaged;
    if ((n_damaged > 0u) && (self->session != NO_SESSION) && !self->nak_standing) {
        self->nak_due = true;
        self->nak_standing = true;
    }
    link_flush(self, now_us);
}

void link_tick(link_state *self, uint32_t now_us) {
    check_timeout(self, now_us);
    link_flush(self, now_us);
}

void link_flush(link_state *self, uint32_t now_us) {
    deliver(self);
    for (uint32_t k = 0u; k < distance(self->base, self->next); k++) {
        link_slot *const slot = unacknowledged(self, k);
        if ((slot != NULL) && slot->due && !transmit(self, (uint8_t)(self->base + k), slot, now_us)) {
            break;
        }
    }
    if (self->nak_due || self->ack_due) {
        acknowledge(self);
    }
}

size_t link_pull(link_state *self, uint8_t *to, size_t room) { return outbox_pull(&self->output, to, room); }
