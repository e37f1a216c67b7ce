#define _DEFAULT_SOURCE
#include "line.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define BITS_PER_BYTE 10u
#define SEND_FIFO_BYTES 16u
#define LONGEST_CATCH_UP_NS 20000000u /* a UART goes on while this process sleeps; longer is not believed */

static void fail(const char *what) {
    (void)fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
    exit(1);
}

void line_open(line *serial, const char *link, uint32_t baud) {
    struct termios raw;
    memset(&raw, 0, sizeof raw);
    cfmakeraw(&raw);
    memset(serial, 0, sizeof *serial);
    if (openpty(&serial->fd, &serial->held_fd, serial->path, &raw, NULL) != 0) {
        fail("no pty could be opened");
    }
    if (fcntl(serial->fd, F_SETFL, O_NONBLOCK) != 0) {
        fail("the pty cannot be made non-blocking");
    }
    serial->receive.baud = baud;
    serial->send.baud = baud;
    serial->link = link;
    if (link != NULL) {
        (void)unlink(link);
        if (symlink(serial->path, link) != 0) {
            fail(link);
        }
    }
}

void line_close(const line *serial) {
    if (serial->link != NULL) {
        (void)unlink(serial->link);
    }
}

static uint64_t time_of_ns(const pace *direction, size_t n_bytes) {
    return (uint64_t)n_bytes * BITS_PER_BYTE * 1000000000u / direction->baud;
}

/* Bytes that the line carries until `until_ns`, at most `most`. An idle line starts to count now. */
static size_t due(pace *direction, size_t most, uint64_t now_ns, uint64_t until_ns) {
    const uint64_t earliest_ns = direction->busy ? now_ns - LONGEST_CATCH_UP_NS : now_ns;
    if (direction->free_ns < earliest_ns) {
        direction->free_ns = earliest_ns;
    }
    direction->busy = true;
    if (direction->free_ns >= until_ns) {
        return 0;
    }
    const uint64_t n = (until_ns - direction->free_ns) * direction->baud / (BITS_PER_BYTE * 1000000000ull);
    return n < most ? (size_t)n : most;
}

/* `n_bytes` of `allowed` went over the line; fewer than allowed: nothing waits. */
static void spend(pace *direction, size_t n_bytes, size_t allowed) {
    if (direction->baud == 0u || allowed == 0u) {
        return;
    }
    direction->busy = n_bytes == allowed;
    direction->free_ns += time_of_ns(direction, n_bytes);
}

static bool waits(int fd) {
    struct pollfd ready = {fd, POLLIN, 0};
    return poll(&ready, 1, 0) == 1 && ((uint32_t)ready.revents & POLLIN) != 0u;
}

size_t line_read(line *serial, uint8_t *to, size_t room, uint64_t now_ns) {
    if (!waits(serial->fd)) {
        serial->receive.busy = false;
        return 0;
    }
    const size_t allowed = serial->receive.baud == 0u ? room : due(&serial->receive, room, now_ns, now_ns);
    if (allowed == 0u) {
        return 0;
    }
    const ssize_t n = read(serial->fd, to, allowed);
    const size_t n_bytes = n > 0 ? (size_t)n : 0u;
    spend(&serial->receive, n_bytes, allowed);
    return n_bytes;
}

size_t line_room(line *serial, size_t most, uint64_t now_ns) {
    pace *send = &serial->send;
    return send->baud == 0u ? most : due(send, most, now_ns, now_ns + time_of_ns(send, SEND_FIFO_BYTES));
}

void line_write(line *serial, const uint8_t *from, size_t n_bytes, size_t room) {
    spend(&serial->send, n_bytes, room);
    if (n_bytes > 0u && write(serial->fd, from, n_bytes) < 0 && errno != EAGAIN) {
        fail("the pty cannot be written");
    }
}

bool line_busy(const line *serial) {
    return (serial->receive.baud != 0u && serial->receive.busy) || (serial->send.baud != 0u && serial->send.busy);
}
