/* Where things lie in the probe's flash and memory. firmware_bridge/device/flash.py and boot.py hold the same values; a test
   reads this file and compares. The hardware id is in messages.h. */
#ifndef SONO_LAYOUT_H
#define SONO_LAYOUT_H

#define FLASH_SIZE 0x100000u
#define FLASH_SECTOR_SIZE 0x1000u

/* Two sectors, written in turn, so that one is always whole while the other is erased. */
#define JOURNAL_START 0x0u
#define JOURNAL_SECTORS 2u
#define JOURNAL_RECORD_SIZE 32u

#define BANK_A_START 0x10000u
#define BANK_B_START 0x80000u
#define BANK_SIZE 0x60000u

/* MCUboot's format with RAM_LOAD: one image runs from either bank, copied here first. */
#define IMAGE_HEADER_SIZE 0x100u
#define IMAGE_LOAD_ADDRESS 0x20000000u
#define IMAGE_TLV_HARDWARE_ID 0x00A0u

#define BOOT_TRIES 3u

#endif
