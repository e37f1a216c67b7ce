#define _DEFAULT_SOURCE
#include "flash_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "factory.h"
#include "layout.h"

static void fail(const char *path, const char *what) {
    (void)fprintf(stderr, "probe: the flash file %s %s\n", path, what);
    exit(1);
}

static uint8_t *fresh(uint8_t *bytes, uint32_t hardware_id) {
    factory_reset(bytes, hardware_id);
    return bytes;
}

static uint8_t *mapped(const char *path, int flags, int fd) {
    void *bytes = mmap(NULL, FLASH_SIZE, PROT_READ | PROT_WRITE, flags, fd, 0);
    if (bytes == MAP_FAILED) {
        fail(path, strerror(errno));
    }
    return bytes;
}

uint8_t *flash_file_open(const char *path, uint32_t hardware_id) {
    if (path == NULL) {
        return fresh(mapped("in memory", MAP_PRIVATE | MAP_ANONYMOUS, -1), hardware_id);
    }
    struct stat found;
    const int fd = open(path, O_RDWR | O_CREAT, 0644);
    if (fd < 0 || fstat(fd, &found) != 0) {
        fail(path, strerror(errno));
    }
    if (found.st_size != 0 && found.st_size < (off_t)FLASH_SIZE) {
        fail(path, "is shorter than 1 MiB; delete it, or make one with `python -m tools.firmware factory`");
    }
    if (found.st_size == 0 && ftruncate(fd, (off_t)FLASH_SIZE) != 0) {
        fail(path, strerror(errno));
    }
    uint8_t *bytes = mapped(path, MAP_SHARED, fd);
    (void)close(fd);
    return found.st_size == 0 ? fresh(bytes, hardware_id) : bytes;
}
