/* Commands of the firmware update; commands.h says how each works. */
#ifndef SONO_UPDATE_COMMANDS_H
#define SONO_UPDATE_COMMANDS_H

#include <stddef.h>
#include <stdint.h>

#include "device.h"

size_t obey_update_begin(device *self, const uint8_t *fields, size_t n_fields);
size_t obey_update_data(device *self, const uint8_t *fields, size_t n_fields);
size_t obey_update_finish(device *self, const uint8_t *fields, size_t n_fields);
size_t obey_update_confirm(device *self, const uint8_t *fields, size_t n_fields);
size_t obey_ask_update(device *self, const uint8_t *fields, size_t n_fields);

#endif
