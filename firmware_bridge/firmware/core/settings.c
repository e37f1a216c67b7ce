#include "settings.h"

#include <string.h>

#include "../boot/bytes.h"

#define PAIR_BYTES 5u

void settings_start(settings *self, uint32_t now_us) {
    (void)memcpy(self->values, PRESET_ROWS[0].values, sizeof self->values);
    self->epoch = 0u;
    self->since_us = now_us;
    self->unreported = false;
}

static limits_verdict check_pair(size_t place, uint8_t number, int32_t value, uint32_t seen) {
    limits_verdict verdict = {REFUSAL_NONE, number, value, 0, 0};
    if (number >= N_PARAMETERS) {
        verdict.refusal = REFUSAL_UNKNOWN_PARAMETER;
    } else if (((seen >> number) & 1u) != 0u) {
        verdict.refusal = REFUSAL_REPEATED_PARAMETER;
    } else if ((number == PARAMETER_PRESET) && (place > 0u)) {
        verdict.refusal = REFUSAL_MALFORMED;
    } else if ((number == PARAMETER_PRESET) && ((value < 0) || (value >= (int32_t)N_PRESETS))) {
        verdict.refusal = REFUSAL_UNKNOWN_PRESET;
        verdict.high = (int32_t)N_PRESETS - 1;
    } else {
        /* It may be asked for. */
    }
    return verdict;
}

/* All values as they would be; ranges are not looked at yet, save the preset's. */
static limits_verdict ask_for(int32_t candidate[N_PARAMETERS], const uint8_t *pairs, size_t n_bytes) {
    const size_t n_pairs = n_bytes / PAIR_BYTES;
    limits_verdict verdict = {REFUSAL_MALFORMED, 0u, 0, 0, 0};
    uint32_t seen = 0u;
    if ((n_pairs == 0u) || (n_pairs > MAX_PAIRS) || ((n_bytes % PAIR_BYTES) != 0u)) {
        return verdict;
    }
    for (size_t k = 0u; k < n_pairs; k++) {
        const uint8_t number = pairs[k * PAIR_BYTES];
        const int32_t value = (int32_t)get_u32(&pairs[(k * PAIR_BYTES) + 1u]);
        verdict = check_pair(k, number, value, seen);
        if (verdict.refusal != REFUSAL_NONE) {
            break;
        }
        if (number == PARAMETER_PRESET) {
            (void)memcpy(candidate, PRESET_ROWS[value].values, sizeof PRESET_ROWS[value].values);
        }
        candidate[number] = value;
        seen |= (uint32_t)1u << number;
    }
    return verdict;
}

limits_verdict settings_change(settings *self, const uint8_t *pairs, size_t n_bytes, uint32_t now_us) {
    int32_t candidate[N_PARAMETERS];
    limits_verdict verdict;
    (void)memcpy(candidate, self->values, sizeof candidate);
    verdict = ask_for(candidate, pairs, n_bytes);
    if (verdict.refusal == REFUSAL_NONE) {
        verdict = limits_check(candidate);
    }
    if (verdict.refusal == REFUSAL_NONE) {
        (void)memcpy(self->values, candidate, sizeof candidate);
        self->epoch++;
        self->since_us = now_us;
        self->unreported = true;
    }
    return verdict;
}
