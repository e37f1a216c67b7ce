/* Commands that ask what the device is and what it can; commands.h says how each works. */
#ifndef SONO_DESCRIBING_H
#define SONO_DESCRIBING_H

#include <stddef.h>
#include <stdint.h>

#include "device.h"

size_t obey_identify(device *self, const uint8_t *fields, size_t n_fields);
size_t obey_describe_parameter(device *self, const uint8_t *fields, size_t n_fields);
size_t obey_describe_preset(device *self, const uint8_t *fields, size_t n_fields);

#endif
