#include "self_test.h"

#include <stdbool.h>

#include "limits.h"
#include "messages.h"

#define FAILED_FLASH 2u
#define FAILED_FRONT_END 4u
#define FAILED_LIMITS 8u
#define FAILED_SENSORS 16u

static bool image_is_whole(const port *machine) {
    image_facts facts;
    return image_check(machine->flash, machine->running->bank, machine->hardware_id, 0u, &facts) == IMAGE_OK;
}

static bool presets_keep_limits(void) {
    bool kept = true;
    for (uint32_t i = 0u; i < N_PRESETS; i++) {
        kept = kept && (limits_check(PRESET_ROWS[i].values).refusal == REFUSAL_NONE);
    }
    return kept;
}

uint8_t failed_self_tests(const port *machine, const sensors *felt) {
    uint32_t failed = felt->self_test_fails;
    if (!image_is_whole(machine)) {
        failed |= FAILED_FLASH;
    }
    if (felt->front_end_fails) {
        failed |= FAILED_FRONT_END;
    }
    if (!presets_keep_limits()) {
        failed |= FAILED_LIMITS;
    }
    if (!sensors_readings_can_be(felt)) {
        failed |= FAILED_SENSORS;
    }
    return (uint8_t)failed;
}
