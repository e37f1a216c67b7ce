/* Registers of the mps2-an385: Arm CMSDK peripherals (DDI 0479) and the Cortex-M3's own. */
#ifndef SONO_MPS2_REGISTERS_H
#define SONO_MPS2_REGISTERS_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define CLOCK_HZ 25000000u

typedef struct uart_registers {
    volatile uint32_t data;
    volatile uint32_t state;
    volatile uint32_t control;
    volatile uint32_t interrupt;
    volatile uint32_t baud_divider;
} uart_registers;
#define UART0 ((uart_registers *)0x40004000u)
#define UART1 ((uart_registers *)0x40005000u)
#define UART_STATE_TX_FULL 1u
#define UART_STATE_RX_FULL 2u
#define UART_CONTROL_ALL 0xFu /* send, receive, and an interrupt for each */
#define UART_INTERRUPT_TX 1u
#define UART_INTERRUPT_RX 2u

#define WATCHDOG_LOAD REGISTER(0x40008000u)
#define WATCHDOG_CONTROL REGISTER(0x40008008u)
#define WATCHDOG_CLEAR REGISTER(0x4000800Cu)
#define WATCHDOG_LOCK REGISTER(0x40008C00u)
#define WATCHDOG_UNLOCK 0x1ACCE551u
#define WATCHDOG_INTERRUPT_AND_RESET 3u

#define FPGA_COUNTER REGISTER(0x40028018u)
#define FPGA_PRESCALE REGISTER(0x4002801Cu)

#define SYSTICK_CONTROL REGISTER(0xE000E010u)
#define SYSTICK_LOAD REGISTER(0xE000E014u)
#define SYSTICK_PROCESSOR_CLOCK_INTERRUPT 7u

#define INTERRUPT_ENABLE REGISTER(0xE000E100u)
#define VECTOR_TABLE REGISTER(0xE000ED08u)
#define RESET_CONTROL REGISTER(0xE000ED0Cu)
#define RESET_REQUEST 0x05FA0004u

#endif
