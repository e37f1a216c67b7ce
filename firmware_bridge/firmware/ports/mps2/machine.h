/* QEMU's mps2-an385 (Cortex-M3, 25 MHz): lines, clock, watchdog, flash and what one start leaves to the next. */
#ifndef SONO_MPS2_MACHINE_H
#define SONO_MPS2_MACHINE_H

#include <stddef.h>
#include <stdint.h>

#include "boot.h"

typedef enum { UART_LINE = 0, UART_BENCH = 1 } uart_name;

/* In memory that no start clears, at HANDOFF_ADDRESS: boot loader and image must agree on it. */
#define HANDOFF_ADDRESS 0x203FFF00u
#define HANDOFF_MAGIC 0x53484F31u
typedef struct handoff {
    uint32_t magic;        /* HANDOFF_MAGIC only across a reset that this firmware asked for */
    uint32_t boot_reason;  /* BOOT_REASON_* */
    uint32_t cut_in;       /* flash operations until the power cut of a test, 0: none */
    boot_outcome running;  /* from the boot loader to the image */
} handoff;

/* Written by the boot loader (loader.c) and by the image (main.c); each program brings one. */
void machine_main(void);

handoff *machine_handoff(void);
const flash_device *machine_flash(void);

/* Does not return. */
void machine_reset(uint32_t boot_reason);
/* Stops for ever, save for interrupts. */
void machine_halt(void);

/* Microseconds, wrapping at 2^32; 0 at each reset. */
void clock_start(void);
uint32_t clock_now_us(void);

/* Resets after WATCHDOG_MS without a kick. */
#define WATCHDOG_MS 1000u
void watchdog_start(void);
void watchdog_kick(void);

void uart_start(void);
/* Bytes that came in, at most `room`. */
size_t uart_read(uart_name name, uint8_t *to, size_t room);
/* Bytes that can be sent without waiting. */
size_t uart_room(uart_name name);
void uart_write(uart_name name, const uint8_t *from, size_t n_bytes);
/* Sleeps until a byte comes or a millisecond has passed. */
void machine_sleep(void);

/* Interrupts of the vector table in startup.c. */
void nmi_handler(void);
void fault_handler(void);
void tick_handler(void);
void uart0_receive_handler(void);
void uart0_transmit_handler(void);
void uart1_receive_handler(void);
void uart1_transmit_handler(void);

#endif
