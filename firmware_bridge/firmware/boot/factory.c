#include "factory.h"

#include <string.h>

#include "bytes.h"
#include "image.h"
#include "sha256.h"

/* Built as imgtool builds it; firmware_bridge/image.py makes the same bytes. */
static const uint8_t HEADER[32] = {0x3D, 0xB8, 0xF3, 0x96, 0, 0, 0, 0x20, 0, 1, 20, 0, 16, 0, 0, 0, 0x20, 0, 0, 0, 1};
static const uint8_t PROGRAM[16] = {'s', 'o', 'n', 'o', 'e', 'd', 'g', 'e', ' ', 'f', 'a', 'c', 't', 'o', 'r', 'y'};
static const uint8_t PROTECTED[20] = {0x08, 0x69, 20, 0, 0x50, 0, 4, 0, 1, 0, 0, 0, 0xA0, 0, 4, 0};
static const uint8_t PLAIN[8] = {0x07, 0x69, 40, 0, 0x10, 0, 32, 0};

void factory_reset(uint8_t *flash, uint32_t hardware_id) {
    uint8_t *image = flash + BANK_A_START;
    uint8_t *protected_table = image + IMAGE_HEADER_SIZE + sizeof PROGRAM;
    uint8_t *plain_table = protected_table + sizeof PROTECTED;
    sha256 hash;
    memset(flash, 0xFF, FLASH_SIZE);
    memcpy(image, HEADER, sizeof HEADER);
    memcpy(image + IMAGE_HEADER_SIZE, PROGRAM, sizeof PROGRAM);
    memcpy(protected_table, PROTECTED, sizeof PROTECTED);
    put_u32(protected_table + 16, hardware_id);
    memcpy(plain_table, PLAIN, sizeof PLAIN);
    sha256_start(&hash);
    sha256_update(&hash, image, (size_t)(plain_table - image));
    sha256_finish(&hash, plain_table + sizeof PLAIN);
}
