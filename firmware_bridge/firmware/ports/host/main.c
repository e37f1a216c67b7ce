/* The probe as a process: the same core as on the Cortex-M, on a pty. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "boot.h"
#include "device.h"
#include "flash_file.h"
#include "flash_memory.h"
#include "line.h"
#include "messages.h"
#include "options.h"

#define CHUNK_BYTES 4096u
#define SIDE_CHUNK_BYTES 64u
#define WATCHDOG_NS 1000000000u
#define EXIT_POWER_CUT 3
#define PAUSE_LINE_BUSY_NS 200000
#define PAUSE_TALKING_NS 1000000 /* telemetry comes at up to 400 Hz */
#define PAUSE_QUIET_NS 5000000
#define TALKING_NS 50000000u

typedef struct probe {
    options chosen;
    line serial, side;
    deframer stimuli;
    flash_memory memory;
    flash_device flash;
    uint32_t cut_in;
    boot_outcome running;
    port machine;
    device core;
    bool runs;            /* false: no image can run, the boot loader waits */
    bool reset_requested;
    bool hung;
    uint64_t started_ns;  /* of this boot */
    uint64_t talked_ns;   /* when the device last had something to say */
} probe;

static volatile sig_atomic_t ended = 0;

static void end(int number) {
    (void)number;
    ended = 1;
}

static uint64_t clock_ns(void) {
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint32_t device_us(const probe *p) {
    const int64_t passed_us = (int64_t)((clock_ns() - p->started_ns) / 1000u);
    return p->chosen.start_us + (uint32_t)(passed_us + passed_us * p->chosen.drift_ppm / 1000000);
}

static void request_reset(void *context) { ((probe *)context)->reset_requested = true; }

static void hang(void *context) { ((probe *)context)->hung = true; }

static void cut_flash_after(void *context, uint32_t n_operations) {
    ((probe *)context)->cut_in = n_operations + 1u;
}

/* The way of every start: the boot loader chooses, then the image begins with nothing remembered. */
static void start(probe *p, uint8_t boot_reason) {
    p->memory.dead = false;
    p->reset_requested = false;
    p->hung = false;
    deframer_start(&p->stimuli);
    p->running = boot_select(&p->flash, HARDWARE_ID);
    p->runs = p->running.bank != BANK_NONE && !p->memory.dead;
    p->started_ns = clock_ns();
    p->machine.boot_reason = boot_reason == BOOT_REASON_REQUEST && p->running.on_trial ? BOOT_REASON_UPDATE
                                                                                       : boot_reason;
    if (p->runs) {
        device_start(&p->core, &p->machine, device_us(p));
    }
}

static bool must_restart(const probe *p) { return p->memory.dead || p->reset_requested || p->hung; }

static void receive(probe *p) {
    uint8_t bytes[CHUNK_BYTES];
    size_t n_bytes = line_read(&p->serial, bytes, sizeof bytes, clock_ns());
    if (p->chosen.rx_buffer != 0u && n_bytes > p->chosen.rx_buffer) {
        n_bytes = p->chosen.rx_buffer;
    }
    if (n_bytes > 0u && p->runs) {
        device_receive(&p->core, bytes, n_bytes, device_us(p));
    }
}

static void receive_stimuli(probe *p) {
    uint8_t bytes[SIDE_CHUNK_BYTES];
    size_t n_bytes;
    while (!must_restart(p) && (n_bytes = line_read(&p->side, bytes, sizeof bytes, 0)) > 0u) {
        if (p->runs) {
            bench_receive(&p->stimuli, bytes, n_bytes, &p->core, device_us(p));
        }
    }
}

static void transmit(probe *p) {
    uint8_t bytes[CHUNK_BYTES];
    const uint64_t now_ns = clock_ns();
    const size_t room = line_room(&p->serial, sizeof bytes, now_ns);
    const size_t n_bytes = room > 0u && p->runs ? device_pull(&p->core, bytes, room) : 0u;
    line_write(&p->serial, bytes, n_bytes, room);
    if (n_bytes > 0u) {
        p->talked_ns = now_ns;
    }
}

/* Sleeps until there is something to do; says so where the standard input was closed. */
static void pause_briefly(const probe *p, bool watch_input) {
    const bool busy = line_busy(&p->serial);
    const bool talking = clock_ns() - p->talked_ns < TALKING_NS;
    const struct timespec pause = {0, busy ? PAUSE_LINE_BUSY_NS : talking ? PAUSE_TALKING_NS : PAUSE_QUIET_NS};
    struct pollfd watched[3] = {
        {watch_input ? STDIN_FILENO : -1, POLLIN, 0}, {busy ? -1 : p->serial.fd, POLLIN, 0}, {p->side.fd, POLLIN, 0}};
    char ignored[64];
    sigset_t none;
    (void)sigemptyset(&none);
    if (ppoll(watched, 3, &pause, &none) > 0 && watched[0].revents != 0 &&
        read(STDIN_FILENO, ignored, sizeof ignored) <= 0) {
        ended = 1;
    }
}

/* What a stopped processor leaves of the line: it takes no bytes until its watchdog bites. */
static void sit_out_watchdog(probe *p, bool watch_input) {
    const uint64_t until_ns = clock_ns() + WATCHDOG_NS;
    p->runs = false;
    while (!ended && clock_ns() < until_ns) {
        pause_briefly(p, watch_input);
        receive(p);
    }
}

/* Runs from one start to the next; returns why the next one happens. */
static uint8_t run(probe *p, bool watch_input) {
    while (!ended && !must_restart(p)) {
        pause_briefly(p, watch_input);
        receive(p);
        if (!must_restart(p)) {
            receive_stimuli(p);
        }
        if (!must_restart(p) && p->runs) {
            device_tick(&p->core, device_us(p));
        }
        if (!p->memory.dead && !p->hung) {
            transmit(p);
        }
    }
    if (p->memory.dead) {
        return BOOT_REASON_POWER;
    }
    if (p->hung) {
        sit_out_watchdog(p, watch_input);
        return BOOT_REASON_WATCHDOG;
    }
    return BOOT_REASON_REQUEST;
}

/* A pipe or socket that closes means that whoever started this is gone; a terminal or /dev/null says nothing. */
static bool input_is_a_pipe(void) {
    struct stat found;
    return fstat(STDIN_FILENO, &found) == 0 && (S_ISFIFO(found.st_mode) || S_ISSOCK(found.st_mode));
}

static void catch_signals(void) {
    struct sigaction action;
    sigset_t both;
    memset(&action, 0, sizeof action);
    action.sa_handler = end;
    (void)sigemptyset(&both);
    (void)sigaddset(&both, SIGTERM);
    (void)sigaddset(&both, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &both, NULL); /* they arrive in ppoll only, so none is missed between two looks */
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
}

static void connect_machine(probe *p) {
    p->memory.bytes = flash_file_open(p->chosen.flash, HARDWARE_ID);
    p->memory.cut_in = &p->cut_in;
    p->flash = flash_memory_device(&p->memory);
    p->machine.context = p;
    p->machine.flash = &p->flash;
    p->machine.running = &p->running;
    p->machine.hardware_id = HARDWARE_ID;
    p->machine.serial_number = p->chosen.serial_number;
    p->machine.request_reset = request_reset;
    p->machine.hang = hang;
    p->machine.cut_flash_after = cut_flash_after;
}

int main(int argc, char **argv) {
    static probe p;
    const bool watch_input = input_is_a_pipe();
    uint8_t boot_reason = BOOT_REASON_POWER;
    p.chosen = options_parse(argc, argv);
    catch_signals();
    connect_machine(&p);
    line_open(&p.serial, p.chosen.link, p.chosen.baud);
    line_open(&p.side, p.chosen.bench_link, 0);
    (void)printf("line %s\nbench %s\n", p.serial.path, p.side.path);
    (void)fflush(stdout);
    while (!ended) {
        start(&p, boot_reason);
        boot_reason = run(&p, watch_input);
        if (p.memory.dead && p.chosen.cut_exit) {
            break;
        }
    }
    line_close(&p.serial);
    line_close(&p.side);
    return p.memory.dead && p.chosen.cut_exit ? EXIT_POWER_CUT : 0;
}
