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
    (uint8_t)'S', (uint8_t)'O', (uint8_t)'N', (uint8_t)'O',
    (uint8_t)((uint32_t)PROTOCOL_VERSION & 0xFFu), (uint8_t)((uint32_t)PROTOCOL_VERSION >> 8)};
static const uint8_t OWN_DIGEST[DIGEST_BYTES] = LAYOUT_DIGEST;

/* The sequence number wraps at a multiple of WINDOW_FRAMES, so each one of a window has its own place. */
static link_held *held_at(link_state *self, uint32_t seq) { return &self->held[seq % WINDOW_FRAMES]; }

static void clear(link_state *self) {
    sender_start(&self->outgoing);
    self->expected = 0u;
    for (uint32_t i = 0u; i < WINDOW_FRAMES; i++) {
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

/* Bit i: the frame i after the one expected is held; bit 0 while the owner is not ready for it. */
static uint16_t bitmap(link_state *self) {
    uint32_t bits = 0u;
    for (uint32_t k = 0u; k < WINDOW_FRAMES; k++) {
        if (held_at(self, self->expected + k)->taken) {
            bits |= (uint32_t)1u << k;
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

/* False: no room. */
static bool transmit(link_state *self, uint8_t seq, sender_slot *slot, uint32_t now_us) {
    if (!emit_here(self, KIND_DATA, seq, slot->body, slot->n_body, slot->n_sends > 0u)) {
        return false;
    }
    if (slot->n_sends == 0u) {
        self->counters.sent++;
    } else {
        self->counters.retransmitted++;
    }
    sender_sent(&self->outgoing, slot, now_us);
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
    const uint8_t ahead = sequence_distance(self->expected, seq);
    link_held *const held = held_at(self, seq);
    if ((ahead < WINDOW_FRAMES) && !held->taken) {
        (void)memcpy(held->body, body, n_body);
        held->n_body = n_body;
        held->taken = true;
    } else if ((ahead < WINDOW_FRAMES) || (sequence_distance(seq, self->expected) <= WINDOW_FRAMES)) {
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
        self->counters.plain_lost += sequence_distance(self->plain_expected, seq);
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
    if (!sender_acknowledged(&self->outgoing, payload[2], bits, now_us)) {
        self->counters.malformed++;
    }
    if (kind == KIND_DATA) {
        receive_data(self, payload[1], body, n_body);
    } else if (kind == KIND_PLAIN) {
        receive_plain(self, payload[1], body, n_body);
    } else {
        sender_find_lost(&self->outgoing);
    }
    if (kind == KIND_NAK) {
        self->counters.naks_received++;
        sender_nak(&self->outgoing, now_us);
    }
}

static void receive_hello(link_state *self, uint8_t session, const uint8_t *body, size_t n_body) {
    bool fits;
    if ((session == NO_SESSION) || (n_body != GREETING_BYTES) ||
        (memcmp(body, OWN_MAGIC_AND_VERSION, VERSION_AT) != 0)) {
        self->counters.malformed++;
        return;
    }
    fits = (memcmp(body, OWN_MAGIC_AND_VERSION, DIGEST_AT) == 0) &&
           (memcmp(&body[DIGEST_AT], OWN_DIGEST, DIGEST_BYTES) == 0);
    if (fits && ((session != self->session) || self->used)) {
        /* A host that asks again has not had the answer and so has not used the session; one that was used is new. */
        clear(self);
        self->session = session;
        self->user.opened(self->user.context);
    }
    welcome(self, session);
}

/* The other kinds are none, or a device sends them. */
static bool is_of_a_host(uint8_t kind) { return (kind == KIND_HELLO) || ((kind >= KIND_DATA) && (kind <= KIND_NAK)); }

static void receive_frame(link_state *self, const uint8_t *payload, size_t n_payload, uint32_t now_us) {
    const uint8_t kind = payload[0] >> 5;
    const uint8_t session = payload[0] & SESSION_BITS;
    self->counters.good++;
    if ((n_payload < LINK_HEADER_BYTES) || !is_of_a_host(kind)) {
        self->counters.malformed++;
    } else if (kind == KIND_HELLO) {
        receive_hello(self, session, &payload[LINK_HEADER_BYTES], n_payload - LINK_HEADER_BYTES);
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

uint8_t link_n_free(const link_state *self) { return sender_n_free(&self->outgoing); }

bool link_send(link_state *self, const uint8_t *body, size_t n_body) {
    return (self->session != NO_SESSION) && sender_take(&self->outgoing, body, n_body);
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
    if (sender_timed_out(&self->outgoing, now_us)) {
        self->counters.timeouts++;
    }
    link_flush(self, now_us);
}

void link_flush(link_state *self, uint32_t now_us) {
    bool has_room = true;
    deliver(self);
    for (uint32_t i = 0u; has_room && (i < WINDOW_FRAMES); i++) {
        uint8_t seq = 0u;
        sender_slot *const slot = sender_next_due(&self->outgoing, &seq);
        has_room = (slot != NULL) && transmit(self, seq, slot, now_us);
    }
    if (self->nak_due || self->ack_due) {
        acknowledge(self);
    }
}

size_t link_pull(link_state *self, uint8_t *to, size_t room) { return outbox_pull(&self->output, to, room); }
