/* A device fresh from the factory, for the ports that need no real program in their flash (host, tests). */
#ifndef SONO_FACTORY_H
#define SONO_FACTORY_H

#include "flash_memory.h"

/* Blanks the flash and puts an unsigned image of a few bytes, version 1.0.0+0, security counter 1, into bank A. */
void factory_reset(flash_memory *memory, uint32_t hardware_id);

#endif
