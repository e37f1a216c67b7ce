/* CRC-32 of IEEE 802.3 (reflected polynomial 0xEDB88320), as in zlib. Frames and the journal use it. */
#ifndef SONO_CRC32_H
#define SONO_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* The CRC of some bytes that follow others whose CRC was `crc`; 0 at the start. */
uint32_t crc32_update(uint32_t crc, const uint8_t *bytes, size_t n_bytes);

#endif
