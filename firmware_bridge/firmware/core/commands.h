/* The host's commands: each is answered once, with its tag, in order. A refused one has changed nothing.

   A function `obey_*` unpacks the fields of its command, does what they ask, packs the reply into `self->reply` and
   returns its length; 0 where the fields do not fit. */
#ifndef SONO_COMMANDS_H
#define SONO_COMMANDS_H

#include <stddef.h>
#include <stdint.h>

#include "device.h"

/* Obeys a reliable body; puts the one reply into `self->reply` and returns its length. */
size_t commands_answer(device *self, const uint8_t *body, size_t n_body);
/* Puts a `Refused` there. */
size_t commands_refuse(device *self, uint8_t tag, uint8_t refusal, uint8_t number);
/* Puts a `Parameters` there. */
size_t commands_parameters(device *self, uint8_t tag);

#endif
