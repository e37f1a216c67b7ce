/* What the core needs of the machine it runs on. The clock is not here: it comes with each call, as microseconds that
   wrap at 2^32. */
#ifndef SONO_PORT_H
#define SONO_PORT_H

#include <stdint.h>

#include "../boot/boot.h"
#include "../boot/flash.h"

typedef struct port {
    void *context;
    const flash_device *flash;
    const boot_outcome *running; /* bank, boot id, version and digest of the image that runs */
    uint32_t hardware_id;
    uint32_t serial_number;
    uint8_t boot_reason;         /* BOOT_REASON_* of messages.h: why this start happened */

    /* Restart through the boot loader. It may return: the restart then happens before the next call of the core. */
    void (*request_reset)(void *context);

    /* Test stimuli. */
    void (*hang)(void *context);                                   /* stop until the watchdog resets */
    void (*cut_flash_after)(void *context, uint32_t n_operations); /* the next but n erase or program is torn */
} port;

#endif
