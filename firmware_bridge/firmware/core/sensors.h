/* What the device feels: temperatures, battery, motion, front end; and the rules that clear the permission.
   On the simulated probe the readings are what the bench says last. */
#ifndef SONO_SENSORS_H
#define SONO_SENSORS_H

#include <stdbool.h>
#include <stdint.h>

#include "faults.h"
#include "permission.h"

/* Bits of all self-tests; SelfTestResult names them. */
#define SELF_TESTS 0x1Fu
#define MOTION_AXES 6u

typedef struct sensors {
    permission *transmit;
    faults *latch;
    int16_t probe_dc; /* 0.1 degrees C */
    int16_t board_dc;
    uint8_t battery_percent;
    int16_t motion[MOTION_AXES]; /* acceleration in mg, then turning rate in 0.1 deg/s, each x, y, z */
    bool front_end_fails;
    uint8_t self_test_fails;     /* bits of those that fail on purpose */
    bool hot;
    bool over;                   /* past the temperature of the fault, and not cool since */
} sensors;

void sensors_start(sensors *self, permission *transmit, faults *latch);
/* Whether a cause of a fault is still there, so that nothing can be cleared. */
bool sensors_fault_persists(const sensors *self);
/* Whether both temperatures lie within what the sensors measure, -40 to 150 degrees C. */
bool sensors_readings_can_be(const sensors *self);
/* The rules of temperature and battery. */
void sensors_watch(sensors *self, uint32_t now_us);
/* Takes the bench's reading, brought into its field's range. Other stimuli are not for the sensors. */
void sensors_stimulate(sensors *self, uint8_t stimulus, int32_t value, uint32_t now_us);

#endif
