/* Little-endian numbers in bytes, whatever the machine's own order and alignment. */
#ifndef SONO_BYTES_H
#define SONO_BYTES_H

#include <stdint.h>

static inline uint16_t get_u16(const uint8_t *from) { return (uint16_t)(from[0] | ((uint32_t)from[1] << 8)); }

static inline uint32_t get_u32(const uint8_t *from) {
    return get_u16(from) | ((uint32_t)get_u16(&from[2]) << 16);
}

static inline void put_u32(uint8_t *to, uint32_t value) {
    to[0] = (uint8_t)(value & 0xFFu);
    to[1] = (uint8_t)((value >> 8) & 0xFFu);
    to[2] = (uint8_t)((value >> 16) & 0xFFu);
    to[3] = (uint8_t)(value >> 24);
}

#endif
