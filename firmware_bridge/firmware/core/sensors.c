#include "sensors.h"

#include "messages.h"

#define COLDEST_DC (-400)
#define WARMEST_DC 1500

void sensors_start(sensors *self, permission *transmit, faults *latch) {
    self->transmit = transmit;
    self->latch = latch;
    self->probe_dc = 320;
    self->board_dc = 350;
    self->battery_percent = 80u;
    for (uint32_t i = 0u; i < MOTION_AXES; i++) {
        self->motion[i] = 0;
    }
    self->motion[2] = 1000; /* gravity */
    self->front_end_fails = false;
    self->self_test_fails = 0u;
    self->hot = false;
    self->over = false;
}

bool sensors_fault_persists(const sensors *self) { return self->over || self->front_end_fails; }

static bool can_be(int16_t reading) { return (reading >= COLDEST_DC) && (reading <= WARMEST_DC); }

bool sensors_readings_can_be(const sensors *self) { return can_be(self->probe_dc) && can_be(self->board_dc); }

/* Whether the probe's face or its board is as warm as these. */
static bool warm(const sensors *self, int32_t probe_dc, int32_t board_dc) {
    return (self->probe_dc >= probe_dc) || (self->board_dc >= board_dc);
}

static void watch_temperature(sensors *self, uint32_t now_us) {
    if (warm(self, (int32_t)PROBE_HOT_DC, (int32_t)BOARD_HOT_DC)) {
        self->hot = true;
    } else if (!warm(self, (int32_t)PROBE_COOL_DC, (int32_t)BOARD_COOL_DC)) {
        self->hot = false;
        self->over = false;
    } else {
        /* Between cool and hot it stays what it was. */
    }
    if (self->hot) {
        permission_clear(self->transmit, TRANSMIT_OFF_TOO_HOT, now_us);
    }
    if (!self->over && warm(self, (int32_t)PROBE_FAULT_DC, (int32_t)BOARD_FAULT_DC)) {
        const int16_t hottest = (self->probe_dc >= (int32_t)PROBE_FAULT_DC) ? self->probe_dc : self->board_dc;
        self->over = true;
        faults_latch(self->latch, FAULT_CODE_OVER_TEMPERATURE, hottest, now_us);
    }
}

void sensors_watch(sensors *self, uint32_t now_us) {
    watch_temperature(self, now_us);
    if (self->battery_percent < BATTERY_LOW_PERCENT) {
        permission_clear(self->transmit, TRANSMIT_OFF_BATTERY_LOW, now_us);
    }
}

static int32_t bounded(int32_t value, int32_t low, int32_t high) {
    if (value < low) {
        return low;
    }
    return (value > high) ? high : value;
}

static void fail_front_end(sensors *self, int32_t value, uint32_t now_us) {
    if ((value != 0) && !self->front_end_fails) {
        faults_latch(self->latch, FAULT_CODE_FRONT_END, value, now_us);
    }
    self->front_end_fails = value != 0;
}

void sensors_stimulate(sensors *self, uint8_t stimulus, int32_t value, uint32_t now_us) {
    const int16_t reading = (int16_t)bounded(value, INT16_MIN, INT16_MAX);
    switch (stimulus) {
    case STIMULUS_PROBE_TEMPERATURE_DC:
        self->probe_dc = reading;
        break;
    case STIMULUS_BOARD_TEMPERATURE_DC:
        self->board_dc = reading;
        break;
    case STIMULUS_BATTERY_PERCENT:
        self->battery_percent = (uint8_t)bounded(value, 0, 100);
        break;
    case STIMULUS_IMU_AX:
    case STIMULUS_IMU_AY:
    case STIMULUS_IMU_AZ:
    case STIMULUS_IMU_GX:
    case STIMULUS_IMU_GY:
    case STIMULUS_IMU_GZ:
        self->motion[stimulus - STIMULUS_IMU_AX] = reading;
        break;
    case STIMULUS_FRONT_END_FAULT:
        fail_front_end(self, value, now_us);
        break;
    case STIMULUS_SELF_TEST_FAILS:
        self->self_test_fails = (uint8_t)((uint32_t)value & SELF_TESTS);
        break;
    default:
        /* Not for the sensors. */
        break;
    }
}
