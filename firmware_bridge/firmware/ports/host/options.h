/* What the command line asks of the simulated probe. */
#ifndef SONO_HOST_OPTIONS_H
#define SONO_HOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct options {
    const char *link;       /* symbolic link to the line's pty, or NULL */
    const char *bench_link; /* the same for the bench's side channel */
    const char *flash;      /* file of FLASH_SIZE bytes, or NULL: fresh from the factory at each start */
    uint32_t baud;          /* pace of the line, both ways; 0: none */
    uint32_t rx_buffer;     /* bytes that fit between two looks at the line, more are lost; 0: no bound */
    int32_t drift_ppm;      /* how much the device's clock runs fast */
    uint32_t start_us;      /* where the device's clock starts at each boot */
    uint32_t serial_number; /* that the device says of itself */
    bool cut_exit;          /* a power cut ends the process instead of starting it anew */
} options;

/* Ends the process with a message where an option is wrong. */
options options_parse(int argc, char **argv);

#endif
