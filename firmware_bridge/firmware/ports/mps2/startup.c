/* From reset to C: stack, variables, machine_main. The vector table comes first in the image. */
#include <stdint.h>

#include "machine.h"

#define N_INTERRUPTS 32u

/* Of the linker script. */
extern uint32_t _stack_top;
extern uint32_t _data_from;
extern uint32_t _data_start;
extern uint32_t _data_end;
extern uint32_t _bss_start;
extern uint32_t _bss_end;

static void reset_handler(void) {
    const uint32_t *from = &_data_from;
    uint32_t *to = &_data_start;
    while (to < &_data_end) {
        *to = *from;
        to++;
        from++;
    }
    to = &_bss_start;
    while (to < &_bss_end) {
        *to = 0u;
        to++;
    }
    machine_main();
    machine_halt();
}

typedef union vector {
    void (*handler)(void);
    uint32_t *stack;
} vector;

extern const vector vectors[16u + N_INTERRUPTS];

__attribute__((section(".vectors"), used)) const vector vectors[16u + N_INTERRUPTS] = {
    [0] = {.stack = &_stack_top},
    [1] = {.handler = reset_handler},
    [2] = {.handler = nmi_handler},
    [3] = {.handler = fault_handler},
    [4] = {.handler = fault_handler},
    [5] = {.handler = fault_handler},
    [6] = {.handler = fault_handler},
    [15] = {.handler = tick_handler},
    [16] = {.handler = uart0_receive_handler},
    [17] = {.handler = uart0_transmit_handler},
    [18] = {.handler = uart1_receive_handler},
    [19] = {.handler = uart1_transmit_handler},
};
