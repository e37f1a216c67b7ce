/* The flash of the host port: a file that outlives the process, or memory that does not. */
#ifndef SONO_HOST_FLASH_FILE_H
#define SONO_HOST_FLASH_FILE_H

#include <stdint.h>

/* FLASH_SIZE bytes. `path` NULL: memory, fresh from the factory; a file that does not exist is made so too. Ends the
   process with a message where the file cannot be used. */
uint8_t *flash_file_open(const char *path, uint32_t hardware_id);

#endif
