/* The device: what it does with the bytes of its line, with time and with its surroundings.

   firmware_bridge/device/device.py is the twin and states the order of each call; the same bytes out for the same calls
   in. Times are microseconds that wrap at 2^32. */
#ifndef SONO_DEVICE_H
#define SONO_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exposing.h"
#include "faults.h"
#include "link.h"
#include "logbook.h"
#include "permission.h"
#include "port.h"
#include "sensors.h"
#include "settings.h"
#include "updating.h"

/* Button events that wait; the oldest goes when one more comes. */
#define MAX_BUTTONS 8u

#define NOTED_BYTES 40u

/* Unreliable bodies that leave at the end of the call, in this order; one of each at most. */
#define NOTED_EXPOSURE 0u
#define NOTED_MOTION 1u
#define NOTED_TELEMETRY 2u
#define NOTED_HEARTBEAT 3u
#define N_NOTED 4u

typedef struct noted_frame {
    uint8_t body[NOTED_BYTES];
    size_t n_body; /* 0: none is due */
} noted_frame;

typedef struct device {
    const port *machine;
    uint32_t now_us;
    link_state link;
    logbook log;
    permission transmit;
    heartbeat host;
    storm line;
    faults latch;
    sensors felt;
    settings chosen;
    exposing frames;
    updating update;
    grid motion;
    uint32_t telemetry_us;
    uint32_t heartbeat_us;
    bool reboot_asked;
    uint32_t reboot_asked_us;
    message_button buttons[MAX_BUTTONS];
    uint8_t n_buttons;
    noted_frame noted[N_NOTED];
    uint8_t reply[LINK_MAX_BODY_BYTES]; /* a body that is handed on at once */
} device;

/* After each reset. `machine` and what it points at must outlive the device. */
void device_start(device *self, const port *machine, uint32_t now_us);
/* Bytes came off the line. */
void device_receive(device *self, const uint8_t *bytes, size_t n_bytes, uint32_t now_us);
/* Time passed: about each millisecond while imaging or with the IMU on, else each 10 ms. */
void device_tick(device *self, uint32_t now_us);
/* The bench does something to the device: STIMULUS_* and its value. An unknown one does nothing. */
void device_stimulate(device *self, uint8_t stimulus, int32_t value, uint32_t now_us);
/* Up to `room` bytes for the line; returns how many. */
size_t device_pull(device *self, uint8_t *to, size_t room);

#endif
