/* The boot loader: chooses a bank, copies its image to memory, arms the watchdog and jumps. */
#include <string.h>

#include "machine.h"
#include "messages.h"
#include "registers.h"

typedef struct entry {
    uint32_t stack;
    uint32_t reset;
} entry;

static uint32_t reason_of_this_start(handoff *left) {
    const bool asked_for = left->magic == HANDOFF_MAGIC;
    left->magic = 0u;
    if (!asked_for) {
        left->cut_in = 0u;
    }
    return asked_for ? left->boot_reason : BOOT_REASON_POWER;
}

static void jump(uint32_t table) {
    const entry *const to = (const entry *)table;
    VECTOR_TABLE = table;
    __asm volatile("msr msp, %0\n\tbx %1" ::"r"(to->stack), "r"(to->reset));
}

void machine_main(void) {
    handoff *left = machine_handoff();
    const flash_device *flash = machine_flash();
    const uint32_t reason = reason_of_this_start(left);
    left->running = boot_select(flash, HARDWARE_ID);
    left->boot_reason = ((reason == BOOT_REASON_REQUEST) && left->running.on_trial) ? BOOT_REASON_UPDATE : reason;
    if (left->running.bank == BANK_NONE) {
        machine_halt(); /* no watchdog: there is nothing better that a reset could bring */
    }
    (void)flash_read(flash, image_bank_start(left->running.bank), (uint8_t *)IMAGE_LOAD_ADDRESS,
                     left->running.image.size_bytes);
    watchdog_start(); /* an image that hangs at once is reset too, and so loses its tries */
    jump(IMAGE_LOAD_ADDRESS + IMAGE_HEADER_SIZE);
}
