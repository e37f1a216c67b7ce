#define _DEFAULT_SOURCE
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char USAGE[] =
    "usage: probe [option ...]\n"
    "A simulated probe on a pty. It prints `line PATH` and `bench PATH`, and ends with SIGTERM or when the pipe on\n"
    "its standard input is closed.\n"
    "  --link PATH        symbolic link to the line's pty\n"
    "  --bench-link PATH  symbolic link to the side channel's pty\n"
    "  --baud N           pace both directions like a UART of N bit/s\n"
    "  --rx-buffer BYTES  lose what comes beyond this between two looks at the line\n"
    "  --flash FILE       keep the flash in this file of 1 MiB\n"
    "  --drift PPM        let the device's clock run fast by this (slow: negative)\n"
    "  --start-us N       start the device's clock here at each boot\n"
    "  --seed N           have the serial number N, and start the clock at a place drawn from it\n"
    "  --cut-exit         end with code 3 at a power cut instead of starting anew\n";

static void refuse(const char *name, const char *value) {
    (void)fprintf(stderr, "probe: --%s takes a whole number in its range, not '%s'; see --help\n", name, value);
    exit(2);
}

static long long number(const char *name, const char *value, long long least, long long most) {
    char *end;
    errno = 0;
    const long long n = strtoll(value, &end, 10);
    if (errno != 0 || end == value || *end != '\0' || n < least || n > most) {
        refuse(name, value);
    }
    return n;
}

static uint32_t unsigned_number(const char *name, const char *value) {
    return (uint32_t)number(name, value, 0, UINT32_MAX);
}

/* Spreads a small seed over all 32 bits (the finalizer of MurmurHash3, public domain). */
static uint32_t scattered(uint32_t seed) {
    seed = (seed ^ (seed >> 16)) * 0x85EBCA6Bu;
    seed = (seed ^ (seed >> 13)) * 0xC2B2AE35u;
    return seed ^ (seed >> 16);
}

static const struct option KNOWN[] = {
    {"link", required_argument, NULL, 'l'},    {"bench-link", required_argument, NULL, 'b'},
    {"baud", required_argument, NULL, 'p'},    {"rx-buffer", required_argument, NULL, 'r'},
    {"flash", required_argument, NULL, 'f'},   {"drift", required_argument, NULL, 'd'},
    {"start-us", required_argument, NULL, 's'}, {"seed", required_argument, NULL, 'n'},
    {"cut-exit", no_argument, NULL, 'c'},      {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0}};

static void take(options *chosen, int which, const char *value) {
    switch (which) {
    case 'l':
        chosen->link = value;
        break;
    case 'b':
        chosen->bench_link = value;
        break;
    case 'p':
        chosen->baud = (uint32_t)number("baud", value, 300, 100000000);
        break;
    case 'r':
        chosen->rx_buffer = unsigned_number("rx-buffer", value);
        break;
    case 'f':
        chosen->flash = value;
        break;
    case 'd':
        chosen->drift_ppm = (int32_t)number("drift", value, -100000, 100000);
        break;
    case 's':
        chosen->start_us = unsigned_number("start-us", value);
        break;
    case 'n':
        chosen->serial_number = unsigned_number("seed", value);
        chosen->start_us = scattered(chosen->serial_number);
        break;
    case 'c':
        chosen->cut_exit = true;
        break;
    case 'h':
        (void)fputs(USAGE, stdout);
        exit(0);
    default:
        (void)fputs(USAGE, stderr);
        exit(2);
    }
}

options options_parse(int argc, char **argv) {
    options chosen = {.serial_number = 1};
    int which;
    while ((which = getopt_long(argc, argv, "", KNOWN, NULL)) != -1) {
        take(&chosen, which, optarg);
    }
    if (optind != argc) {
        (void)fprintf(stderr, "probe: '%s' is no option; see --help\n", argv[optind]);
        exit(2);
    }
    return chosen;
}
