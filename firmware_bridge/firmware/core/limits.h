/* Acoustic output after a stated model, and the limits that no setting may pass. Integers, rounded to the safe side.
   firmware_bridge/device/limits.py is the twin and states the model. */
#ifndef SONO_LIMITS_H
#define SONO_LIMITS_H

#include <stdint.h>

#include "messages.h"

/* What a setting emits when it transmits. */
typedef struct acoustic_output {
    uint16_t mi_milli;
    uint16_t ispta_mw_cm2;
    uint16_t tis_milli;
    uint16_t tib_milli;
} acoustic_output;

/* Whether values may be set. For a limit of the output `asked` is what the setting would emit and `high` the limit. */
typedef struct limits_verdict {
    uint8_t refusal;
    uint8_t parameter;
    int32_t asked;
    int32_t low;
    int32_t high;
} limits_verdict;

/* Of raw values of all parameters, each within its range. */
acoustic_output limits_output(const int32_t values[N_PARAMETERS]);
/* The first parameter in the wire's order that may not be is named, then the first limit that all together pass. */
limits_verdict limits_check(const int32_t values[N_PARAMETERS]);

#endif
