#include "machine.h"

#include "flash_memory.h"
#include "messages.h"
#include "registers.h"

#define FLASH_ADDRESS 0x21000000u
#define TICK_HZ 1000u

handoff *machine_handoff(void) { return (handoff *)HANDOFF_ADDRESS; }

void machine_reset(uint32_t boot_reason) {
    machine_handoff()->magic = HANDOFF_MAGIC;
    machine_handoff()->boot_reason = boot_reason;
    __asm volatile("dsb" ::: "memory");
    RESET_CONTROL = RESET_REQUEST;
    machine_halt();
}

void machine_halt(void) {
    for (;;) {
        __asm volatile("wfi");
    }
}

static void power_lost(void *context) {
    (void)context;
    machine_reset(BOOT_REASON_POWER);
}

const flash_device *machine_flash(void) {
    static flash_memory memory;
    static flash_device device;
    memory.bytes = (uint8_t *)FLASH_ADDRESS;
    memory.cut_in = &machine_handoff()->cut_in;
    memory.power_lost = power_lost;
    device = flash_memory_device(&memory);
    return &device;
}

void clock_start(void) {
    FPGA_PRESCALE = (CLOCK_HZ / 1000000u) - 1u;
    SYSTICK_LOAD = (CLOCK_HZ / TICK_HZ) - 1u;
    SYSTICK_CONTROL = SYSTICK_PROCESSOR_CLOCK_INTERRUPT;
}

uint32_t clock_now_us(void) { return FPGA_COUNTER; }

void tick_handler(void) {}

void watchdog_start(void) {
    WATCHDOG_LOCK = WATCHDOG_UNLOCK;
    WATCHDOG_LOAD = (CLOCK_HZ / 1000u) * WATCHDOG_MS;
    WATCHDOG_CONTROL = WATCHDOG_INTERRUPT_AND_RESET;
}

void watchdog_kick(void) { WATCHDOG_CLEAR = 1u; }

/* The watchdog's first expiry. Were even this not to run, its second expiry resets the processor by itself. */
void nmi_handler(void) { machine_reset(BOOT_REASON_WATCHDOG); }

void fault_handler(void) { machine_reset(BOOT_REASON_WATCHDOG); }
