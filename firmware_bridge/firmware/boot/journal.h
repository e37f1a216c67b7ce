/* The boot journal: records of fixed size, each with its CRC-32 and a growing sequence number, in two sectors that are
   written in turn. The newest whole record counts, so a torn write or erase loses nothing that was there before.

   Record, little-endian: sequence u32, boot_count u32, minimum_counter u32, active u8, pending u8, tries u8,
   13 bytes 0xFF, CRC-32 u32 of all before it. */
#ifndef SONO_JOURNAL_H
#define SONO_JOURNAL_H

#include <stdint.h>

#include "flash.h"

typedef struct journal_record {
    uint32_t sequence;        /* 0: the journal is blank */
    uint32_t boot_count;
    uint32_t minimum_counter; /* security counters under this one are refused */
    uint8_t active;           /* the trusted bank */
    uint8_t pending;          /* the bank on trial, or BANK_NONE */
    uint8_t tries;            /* starts of the bank on trial */
} journal_record;

/* The newest whole record, or that of a blank device: bank A active, nothing pending, all counts 0. */
journal_record journal_newest(const flash_device *flash);

/* Adds a record; its sequence is set here. */
flash_status journal_append(const flash_device *flash, journal_record record);

#endif
