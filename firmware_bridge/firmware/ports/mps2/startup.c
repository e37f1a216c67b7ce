/* From reset to C: stack, variables, machine_main. The vector table comes first in the image. */
#include <stdint.h>

#include "machine.h"

#define N_INTERRUPTS 32u

extern uint32_t _stack_top, _data_from, _data_start, _data_end, _bss_start, _bss_end;

void reset_handler(void);

void reset_handler(void) {
    const uint32_t *from = &_data_from;
    for (uint32_t *to = &_data_start; to < &_data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = &_bss_start; to < &_bss_end; to++) {
        *to = 0;
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
