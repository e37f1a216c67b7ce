/* What the fuzz targets share: an input that is read bit by bit, flash that is made new for each input, and properties
   that end the run where they do not hold. */
#ifndef SONO_FUZZ_HARNESS_H
#define SONO_FUZZ_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flash_memory.h"

#define HARDWARE 0x534F4E31u

#define HOLDS(property) ((property) ? (void)0 : broken(#property, __FILE__, __LINE__))
void broken(const char *property, const char *file, int line);

typedef struct input {
    const uint8_t *bytes;
    size_t n_bytes;
} input;

/* Each gives zeros where the input has ended. */
uint8_t take_u8(input *from);
uint32_t take_u32(input *from);
/* Up to `n_bytes` of what is left; `n_taken` says how many. */
const uint8_t *take_bytes(input *from, size_t n_bytes, size_t *n_taken);

/* Memory as flash. It breaks off where something outside is read: the firmware knows where its flash ends. */
typedef struct rig {
    flash_memory memory;
    flash_device flash;
    uint32_t cut_in;
} rig;

/* Blank flash. There is one rig at a time. */
rig *rig_new(void);
/* Writes without the rules of flash, as a factory or a bad bit does. */
void rig_store(rig *self, uint32_t at, const uint8_t *bytes, size_t n_bytes);
/* An image with all that the boot loader asks for; its program is `n_program` equal bytes. Returns its length. */
size_t rig_make_image(uint8_t *to, uint8_t n_program, uint8_t counter, uint32_t hardware_id);

/* The longest that rig_make_image makes. */
#define IMAGE_ROOM 600u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes);

#endif
