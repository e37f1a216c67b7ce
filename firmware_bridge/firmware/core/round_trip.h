/* Round-trip time and retransmission timeout after RFC 6298, in integer microseconds. */
#ifndef SONO_ROUND_TRIP_H
#define SONO_ROUND_TRIP_H

#include <stdint.h>

typedef struct round_trip {
    uint32_t srtt_us; /* smoothed; 0: no sample yet */
    uint32_t rttvar_us;
    uint32_t rto_us;
} round_trip;

void round_trip_start(round_trip *self);
void round_trip_sample(round_trip *self, uint32_t rtt_us);
/* After a timeout: the next one waits twice as long. */
void round_trip_back_off(round_trip *self, uint32_t most_us);

#endif
