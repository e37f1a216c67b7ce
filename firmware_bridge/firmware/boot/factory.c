#include "factory.h"

#include <string.h>

#include "bytes.h"
#include "image.h"
#include "sha256.h"

/* Built as imgtool builds it; firmware_bridge/firmware_image.py makes the same bytes. */
#define PROGRAM_BYTES 16u
#define PROTECTED_BYTES 20u

static const uint8_t HEADER[32] = {0x3D, 0xB8, 0xF3, 0x96, 0, 0, 0, 0x20, 0, 1, 20, 0, PROGRAM_BYTES, 0, 0, 0,
                                   0x20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
static const uint8_t PROGRAM[PROGRAM_BYTES] = {'s', 'o', 'n', 'o', 'e', 'd', 'g', 'e',
                                               ' ', 'f', 'a', 'c', 't', 'o', 'r', 'y'};
static const uint8_t PROTECTED[PROTECTED_BYTES] = {0x08, 0x69, PROTECTED_BYTES, 0, 0x50, 0, 4, 0, 1, 0,
                                                   0, 0, 0xA0, 0, 4, 0, 0, 0, 0, 0};
static const uint8_t PLAIN[8] = {0x07, 0x69, 40, 0, 0x10, 0, 32, 0};

void factory_reset(uint8_t *flash, uint32_t hardware_id) {
    uint8_t *const image = &flash[BANK_A_START];
    uint8_t *const protected_table = &image[IMAGE_HEADER_SIZE + PROGRAM_BYTES];
    uint8_t *const plain_table = &protected_table[PROTECTED_BYTES];
    sha256 hash;
    (void)memset(flash, 0xFF, FLASH_SIZE);
    (void)memcpy(image, HEADER, sizeof HEADER);
    (void)memcpy(&image[IMAGE_HEADER_SIZE], PROGRAM, sizeof PROGRAM);
    (void)memcpy(protected_table, PROTECTED, sizeof PROTECTED);
    put_u32(&protected_table[16], hardware_id);
    (void)memcpy(plain_table, PLAIN, sizeof PLAIN);
    sha256_start(&hash);
    sha256_update(&hash, image, IMAGE_HEADER_SIZE + PROGRAM_BYTES + PROTECTED_BYTES);
    sha256_finish(&hash, &plain_table[sizeof PLAIN]);
}
