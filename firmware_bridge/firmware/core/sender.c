#include "sender.h"

#include <string.h>

/* The sequence number wraps at a multiple of WINDOW_FRAMES, so each one of a window has its own place. */
static sender_slot *slot_at(sender *self, uint32_t seq) { return &self->slots[seq % WINDOW_FRAMES]; }

static uint32_t n_away(const sender *self) { return sequence_distance(self->base, self->next); }

/* The slot `k` after the oldest one, where it waits for its acknowledgement; else NULL. */
static sender_slot *unacknowledged(sender *self, uint32_t k) {
    sender_slot *const slot = slot_at(self, self->base + k);
    return slot->taken ? slot : NULL;
}

void sender_start(sender *self) {
    round_trip_start(&self->timer);
    self->base = 0u;
    self->next = 0u;
    self->order = 0u;
    self->newest_acked = 0u;
    self->heard = false;
    self->heard_us = 0u;
    for (uint32_t i = 0u; i < WINDOW_FRAMES; i++) {
        self->slots[i].taken = false;
    }
}

uint8_t sender_n_free(const sender *self) { return (uint8_t)(WINDOW_FRAMES - n_away(self)); }

bool sender_take(sender *self, const uint8_t *body, size_t n_body) {
    sender_slot *const slot = slot_at(self, self->next);
    if ((sender_n_free(self) == 0u) || (n_body > LINK_MAX_BODY_BYTES)) {
        return false;
    }
    (void)memcpy(slot->body, body, n_body);
    slot->n_body = n_body;
    slot->taken = true;
    slot->due = true;
    slot->n_sends = 0u;
    slot->lost = true;
    slot->proven = 0u;
    self->next++;
    return true;
}

/* Counts wrap, and what is compared lies close together. */
static bool left_later(uint32_t order, uint32_t than) {
    const uint32_t ahead = order - than;
    return (ahead != 0u) && (ahead < 0x80000000u);
}

/* From the acknowledged frame that left last: the round trip, and how far the other end has come. */
static void learn(sender *self, const sender_slot *newest, uint32_t now_us) {
    if (newest->n_sends == 1u) { /* after Karn: a retransmitted frame does not say which copy was acknowledged */
        round_trip_sample(&self->timer, now_us - newest->sent_us);
    }
    if (left_later(newest->proven, self->newest_acked)) {
        self->newest_acked = newest->proven;
    }
}

void sender_find_lost(sender *self) {
    for (uint32_t k = 0u; k < n_away(self); k++) {
        sender_slot *const slot = unacknowledged(self, k);
        if ((slot != NULL) && (slot->n_sends > 0u) && left_later(self->newest_acked, slot->order)) {
            slot->due = true;
            slot->lost = true;
        }
    }
}

/* Whether the slot `k` after the oldest is acknowledged: all before `n_done` are, and what the bits from it on say. */
static bool is_done(uint32_t k, uint32_t n_done, uint32_t bits) {
    return (k < n_done) || (((bits >> (k - n_done)) & 1u) != 0u);
}

bool sender_acknowledged(sender *self, uint8_t ack, uint32_t bits, uint32_t now_us) {
    const uint32_t n_done = sequence_distance(self->base, ack);
    const sender_slot *newest = NULL;
    self->heard = true;
    self->heard_us = now_us;
    if (n_done > n_away(self)) {
        return sequence_distance(ack, self->base) <= WINDOW_FRAMES; /* an older one that came late, or nonsense */
    }
    for (uint32_t k = 0u; k < n_away(self); k++) {
        sender_slot *const slot = unacknowledged(self, k);
        if ((slot != NULL) && is_done(k, n_done, bits)) {
            slot->taken = false;
            if ((slot->n_sends > 0u) && ((newest == NULL) || left_later(slot->proven, newest->proven))) {
                newest = slot;
            }
        }
    }
    self->base = ack;
    if (newest != NULL) {
        learn(self, newest, now_us);
    }
    return true;
}

void sender_nak(sender *self, uint32_t now_us) {
    sender_slot *oldest = NULL;
    bool all_old = true; /* away long enough to be the damaged one */
    for (uint32_t k = 0u; k < n_away(self); k++) {
        sender_slot *const slot = unacknowledged(self, k);
        if ((slot != NULL) && (slot->n_sends > 0u)) {
            oldest = (oldest == NULL) ? slot : oldest;
            all_old = all_old && ((now_us - slot->sent_us) >= (self->timer.srtt_us / 2u));
        }
    }
    if ((oldest != NULL) && all_old) {
        oldest->due = true;
    }
}

/* A line that still brings the other end's frames is bad, not busy: waiting ever longer would not help it. */
static uint32_t most_rto_us(const sender *self, const sender_slot *oldest, uint32_t now_us) {
    const bool heard = self->heard && ((now_us - self->heard_us) < (now_us - oldest->sent_us));
    return heard ? RTO_HEARD_MAX_US : RTO_MAX_US;
}

bool sender_timed_out(sender *self, uint32_t now_us) {
    sender_slot *oldest = NULL;
    for (uint32_t k = 0u; (k < n_away(self)) && (oldest == NULL); k++) {
        sender_slot *const slot = unacknowledged(self, k);
        if ((slot != NULL) && (slot->n_sends > 0u) && !slot->due) {
            oldest = slot;
        }
    }
    if ((oldest == NULL) || ((now_us - oldest->sent_us) < self->timer.rto_us)) {
        return false;
    }
    oldest->due = true;
    round_trip_back_off(&self->timer, most_rto_us(self, oldest, now_us));
    return true;
}

sender_slot *sender_next_due(sender *self, uint8_t *seq) {
    for (uint32_t k = 0u; k < n_away(self); k++) {
        sender_slot *const slot = unacknowledged(self, k);
        if ((slot != NULL) && slot->due) {
            *seq = (uint8_t)(self->base + k);
            return slot;
        }
    }
    return NULL;
}

void sender_sent(sender *self, sender_slot *slot, uint32_t now_us) {
    self->order++;
    if (slot->lost) {
        slot->proven = self->order;
    }
    slot->due = false;
    slot->lost = false;
    slot->n_sends++;
    slot->sent_us = now_us;
    slot->order = self->order;
}
