/* Two lines with an interrupt for each byte, and rings between the interrupts and the main loop. */
#include "machine.h"
#include "registers.h"

#define RECEIVE_BYTES 2048u
/* Short, so that a command's answer waits behind few bytes of telemetry. */
#define TRANSMIT_BYTES 64u

/* One writer, one reader: `head` is moved by the one, `tail` by the other, and nothing else is shared. */
typedef struct uart {
    uart_registers *registers;
    volatile uint32_t receive_head;
    volatile uint32_t receive_tail;
    volatile uint32_t transmit_head;
    volatile uint32_t transmit_tail;
    uint8_t received[RECEIVE_BYTES];
    uint8_t to_transmit[TRANSMIT_BYTES];
} uart;

static uart uarts[2];

void uart_start(void) {
    uarts[UART_LINE].registers = UART0;
    uarts[UART_BENCH].registers = UART1;
    for (uint32_t i = 0u; i < 2u; i++) {
        uarts[i].registers->baud_divider = 16u;
        uarts[i].registers->control = UART_CONTROL_ALL;
    }
    INTERRUPT_ENABLE = 0xFu;
}

/* A full ring loses the byte; the frame's CRC finds that out. */
static void on_receive(uart *self) {
    self->registers->interrupt = UART_INTERRUPT_RX;
    while ((self->registers->state & UART_STATE_RX_FULL) != 0u) {
        const uint8_t byte = (uint8_t)self->registers->data;
        if ((self->receive_head - self->receive_tail) < RECEIVE_BYTES) {
            self->received[self->receive_head % RECEIVE_BYTES] = byte;
            self->receive_head += 1u;
        }
    }
}

static void feed(uart *self) {
    while ((self->transmit_head != self->transmit_tail) && ((self->registers->state & UART_STATE_TX_FULL) == 0u)) {
        self->registers->data = self->to_transmit[self->transmit_tail % TRANSMIT_BYTES];
        self->transmit_tail += 1u;
    }
}

static void on_transmit(uart *self) {
    self->registers->interrupt = UART_INTERRUPT_TX;
    feed(self);
}

void uart0_receive_handler(void) { on_receive(&uarts[0]); }
void uart0_transmit_handler(void) { on_transmit(&uarts[0]); }
void uart1_receive_handler(void) { on_receive(&uarts[1]); }
void uart1_transmit_handler(void) { on_transmit(&uarts[1]); }

size_t uart_read(uart_name name, uint8_t *to, size_t room) {
    uart *self = &uarts[name];
    size_t n_bytes = 0u;
    while ((n_bytes < room) && (self->receive_tail != self->receive_head)) {
        to[n_bytes] = self->received[self->receive_tail % RECEIVE_BYTES];
        n_bytes++;
        self->receive_tail += 1u;
    }
    return n_bytes;
}

size_t uart_room(uart_name name) {
    return TRANSMIT_BYTES - (uarts[name].transmit_head - uarts[name].transmit_tail);
}

void uart_write(uart_name name, const uint8_t *from, size_t n_bytes) {
    uart *self = &uarts[name];
    for (size_t i = 0u; i < n_bytes; i++) {
        self->to_transmit[self->transmit_head % TRANSMIT_BYTES] = from[i];
        self->transmit_head += 1u;
    }
    /* The interrupt must not feed at the same time. */
    __asm volatile("cpsid i" ::: "memory");
    feed(self);
    __asm volatile("cpsie i" ::: "memory");
}

void machine_sleep(void) {
    /* Interrupts wait between the look and the sleep, and still end the sleep: no byte is slept through. */
    __asm volatile("cpsid i" ::: "memory");
    if ((uarts[0].receive_head == uarts[0].receive_tail) && (uarts[1].receive_head == uarts[1].receive_tail)) {
        __asm volatile("wfi");
    }
    __asm volatile("cpsie i" ::: "memory");
}
