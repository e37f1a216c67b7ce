/* A serial line played by a pty, at the pace of a UART if one is asked for. */
#ifndef SONO_HOST_LINE_H
#define SONO_HOST_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One direction at `baud` bits a second, 10 bits a byte; 0: as fast as it goes. */
typedef struct pace {
    uint32_t baud;
    bool busy;        /* more waited when last asked, so the time since then counts */
    uint64_t free_ns; /* when the line has carried all that it took */
} pace;

typedef struct line {
    int fd;           /* the device's end */
    int held_fd;      /* the other end, held open so that an unplugged program is no hang-up here */
    char path[64];    /* the other end's path */
    const char *link; /* a symbolic link to `path`, or NULL */
    pace receive, send;
} line;

/* Opens a pty in raw mode; ends the process with a message where that fails. */
void line_open(line *serial, const char *link, uint32_t baud);
void line_close(const line *serial);

/* Bytes that arrived by now, at most `room`. */
size_t line_read(line *serial, uint8_t *to, size_t room, uint64_t now_ns);

/* How many bytes may be sent now, at most `most`. */
size_t line_room(line *serial, size_t most, uint64_t now_ns);

/* Sends `n_bytes` of the `room` that line_room gave. What the pty does not take is lost, as with nobody listening. */
void line_write(line *serial, const uint8_t *from, size_t n_bytes, size_t room);

/* Bytes wait for their time: look again soon. */
bool line_busy(const line *serial);

#endif
