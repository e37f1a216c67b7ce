#include "round_trip.h"

#include "messages.h"

void round_trip_start(round_trip *self) {
    self->srtt_us = 0u;
    self->rttvar_us = 0u;
    self->rto_us = RTO_INITIAL_US;
}

static uint32_t bounded_rto(uint64_t rto_us) {
    if (rto_us < RTO_MIN_US) {
        return RTO_MIN_US;
    }
    return (rto_us > RTO_MAX_US) ? RTO_MAX_US : (uint32_t)rto_us;
}

void round_trip_sample(round_trip *self, uint32_t rtt_us) {
    /* 64 bits: eight times a round trip of up to 2^32 us. */
    const uint64_t srtt_us = self->srtt_us;
    uint64_t margin_us;
    if (srtt_us == 0u) {
        self->srtt_us = rtt_us;
        self->rttvar_us = rtt_us / 2u;
    } else {
        const uint64_t deviation_us = (srtt_us > rtt_us) ? (srtt_us - rtt_us) : (rtt_us - srtt_us);
        self->rttvar_us = (uint32_t)(((3u * (uint64_t)self->rttvar_us) + deviation_us) / 4u);
        self->srtt_us = (uint32_t)(((7u * srtt_us) + rtt_us) / 8u);
    }
    if (self->srtt_us == 0u) {
        self->srtt_us = 1u;
    }
    margin_us = 4u * (uint64_t)self->rttvar_us;
    if (margin_us < RTO_GRANULARITY_US) {
        margin_us = RTO_GRANULARITY_US;
    }
    self->rto_us = bounded_rto(self->srtt_us + margin_us);
}

void round_trip_back_off(round_trip *self, uint32_t most_us) {
    const uint32_t twice_us = 2u * self->rto_us; /* of RTO_MAX_US at the most */
    const uint32_t wanted_us = (twice_us > most_us) ? most_us : twice_us;
    if (wanted_us > self->rto_us) {
        self->rto_us = wanted_us;
    }
}
