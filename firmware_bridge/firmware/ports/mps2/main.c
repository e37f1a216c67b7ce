/* The image: the core on the mps2-an385. */
#include "bench.h"
#include "device.h"
#include "machine.h"
#include "messages.h"

#define CHUNK_BYTES 64u
#define SERIAL_NUMBER 385u /* the board has none of its own; this is its model */

static device core;
static deframer stimuli;
static bool reset_requested;

static void request_reset(void *context) {
    (void)context;
    reset_requested = true;
}

static void hang(void *context) {
    (void)context;
    machine_halt();
}

static void cut_flash_after(void *context, uint32_t n_operations) {
    (void)context;
    machine_handoff()->cut_in = n_operations + 1u;
}

static void receive(void) {
    uint8_t bytes[CHUNK_BYTES];
    size_t n_bytes = uart_read(UART_LINE, bytes, sizeof bytes);
    while (n_bytes > 0u) {
        device_receive(&core, bytes, n_bytes, clock_now_us());
        n_bytes = uart_read(UART_LINE, bytes, sizeof bytes);
    }
    n_bytes = uart_read(UART_BENCH, bytes, sizeof bytes);
    while (!reset_requested && (n_bytes > 0u)) {
        bench_receive(&stimuli, bytes, n_bytes, &core, clock_now_us());
        n_bytes = uart_read(UART_BENCH, bytes, sizeof bytes);
    }
}

/* Hands over as much as the line takes now; says whether the device may have more. */
static bool transmit(void) {
    uint8_t bytes[CHUNK_BYTES];
    const size_t room = uart_room(UART_LINE);
    const size_t n_bytes = device_pull(&core, bytes, (room < CHUNK_BYTES) ? room : CHUNK_BYTES);
    uart_write(UART_LINE, bytes, n_bytes);
    return (n_bytes > 0u) || (room == 0u);
}

static void restart(void) {
    while (transmit()) { /* the answer to the request leaves first; the watchdog bounds this */
    }
    while (uart_room(UART_LINE) < CHUNK_BYTES) {
    }
    machine_reset(BOOT_REASON_REQUEST);
}

void machine_main(void) {
    const port machine = {.flash = machine_flash(),
                          .running = &machine_handoff()->running,
                          .hardware_id = HARDWARE_ID,
                          .serial_number = SERIAL_NUMBER,
                          .boot_reason = (uint8_t)machine_handoff()->boot_reason,
                          .request_reset = request_reset,
                          .hang = hang,
                          .cut_flash_after = cut_flash_after};
    clock_start();
    uart_start();
    deframer_start(&stimuli);
    device_start(&core, &machine, clock_now_us());
    for (;;) {
        receive();
        if (!reset_requested) {
            device_tick(&core, clock_now_us());
        }
        if (reset_requested) {
            restart();
        }
        (void)transmit();
        watchdog_kick();
        machine_sleep();
    }
}
