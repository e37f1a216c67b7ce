/* Stands in for the core where a test is about a port alone: it answers single letters and echoes the rest. */
#ifndef SONO_DEVICE_H
#define SONO_DEVICE_H

#include <stddef.h>
#include <stdint.h>

#include "port.h"

#define PARROT_BYTES 16384u

typedef struct device {
    const port *machine;
    uint8_t said[PARROT_BYTES];
    size_t n_said;
} device;

void device_start(device *self, const port *machine, uint32_t now_us);
void device_receive(device *self, const uint8_t *bytes, size_t n_bytes, uint32_t now_us);
void device_tick(device *self, uint32_t now_us);
void device_stimulate(device *self, uint8_t kind, int32_t value, uint32_t now_us);
size_t device_pull(device *self, uint8_t *out, size_t room);

#endif
