/* What the device can test of itself while it runs. */
#ifndef SONO_SELF_TEST_H
#define SONO_SELF_TEST_H

#include <stdint.h>

#include "port.h"
#include "sensors.h"

/* Bits of SelfTestResult: flash (the image that runs is whole), front end, limits (all presets keep them), sensors
   (readings that can be), and whatever the bench lets fail. Memory is the machine's own test at its start. */
uint8_t failed_self_tests(const port *machine, const sensors *felt);

#endif
