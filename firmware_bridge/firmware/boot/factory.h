/* A device fresh from the factory, for the ports that need no real program in their flash (host, tests). */
#ifndef SONO_FACTORY_H
#define SONO_FACTORY_H

#include <stdint.h>

/* Blanks FLASH_SIZE bytes and puts a small unsigned image, version 1.0.0+0, security counter 1, into bank A. */
void factory_reset(uint8_t *flash, uint32_t hardware_id);

#endif
