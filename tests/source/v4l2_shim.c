/* A simulated V4L2 camera at /dev/video0, for LD_PRELOAD.
 *
 * It keeps a driver's habits that matter: a ring of buffers that is filled in real time whether or not anybody reads,
 * so that a slow reader finds old pictures; a frame number that goes on while no buffer is free; poll, mmap, errno.
 * The fd of an open camera is the read end of a socket pair: one byte in it for each filled buffer, hang-up on unplug.
 *
 * A GREY picture holds its frame number in its first four bytes, little end first, and 100 in all others.
 * Environment:
 *   SHIM_FPS=30            rate
 *   SHIM_FORMAT=GREY       or YUYV (luma 126), or MJPG (the bytes of the file SHIM_JPEG)
 *   SHIM_UNPLUG_AFTER=n    unplugged once, after n frames; SHIM_REPLUG_MS=t: back after t ms (never where not set)
 *   SHIM_STALL_AFTER=n     no more frames after n, the device stays
 *   SHIM_DAMAGED=n         the first n frames carry the driver's error flag
 *   SHIM_OPEN_ERRNO=e      open fails; SHIM_STREAMON_ERRNO=e: STREAMON fails
 *   SHIM_ASPECT=54/59      height of a pixel over its width (no such question where not set)
 *   SHIM_NO_MODES=1        the driver cannot list its modes
 *   SHIM_PROGRESS=file     the number of frames made so far, four bytes, little end first
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BUFFERS = 8, CAMERAS = 8, BUFFER_BYTES = 1 << 20 };
static const struct { uint32_t width, height; } SIZES[] = {{320, 240}, {640, 480}};

typedef struct {
    int user_fd, driver_fd, memory_fd;
    ino_t inode;
    uint8_t *memory;
    uint32_t width, height, buffers, sequence;
    uint32_t waiting[MAX_BUFFERS], waiting_count; /* empty, queued by the user */
    struct v4l2_buffer filled[MAX_BUFFERS];
    uint32_t filled_count;
    bool streaming, stop, gone;
    pthread_t maker;
} camera_t;

static camera_t *cameras[CAMERAS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool was_unplugged;
static struct timespec unplugged_at;

static long setting(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text != NULL ? atol(text) : otherwise;
}

static uint32_t pixel_format(void) {
    const char *name = getenv("SHIM_FORMAT");
    if (name != NULL && strcmp(name, "YUYV") == 0) return V4L2_PIX_FMT_YUYV;
    if (name != NULL && strcmp(name, "MJPG") == 0) return V4L2_PIX_FMT_MJPEG;
    return V4L2_PIX_FMT_GREY;
}

static uint32_t bytes_per_pixel(void) { return pixel_format() == V4L2_PIX_FMT_YUYV ? 2 : 1; }

static bool is_plugged(void) {
    if (!was_unplugged) return true;
    long wait_ms = setting("SHIM_REPLUG_MS", -1);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long gone_ms = (now.tv_sec - unplugged_at.tv_sec) * 1000 + (now.tv_nsec - unplugged_at.tv_nsec) / 1000000;
    return wait_ms >= 0 && gone_ms >= wait_ms;
}

/* Our own open and close take the lock that is held while a frame is made. */
static int plain_open(const char *path, int flags) {
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    return path != NULL ? real(path, flags, 0600) : -1;
}

static void plain_close(int fd) {
    int (*real)(int) = dlsym(RTLD_NEXT, "close");
    real(fd);
}

static void tell_progress(uint32_t made) {
    int fd = plain_open(getenv("SHIM_PROGRESS"), O_WRONLY | O_CREAT);
    if (fd < 0) return;
    if (pwrite(fd, &made, sizeof made, 0) != sizeof made) abort();
    plain_close(fd);
}

static uint32_t paint(const camera_t *camera, uint8_t *to) {
    uint32_t bytes = camera->width * camera->height * bytes_per_pixel();
    if (pixel_format() == V4L2_PIX_FMT_MJPEG) {
        int fd = plain_open(getenv("SHIM_JPEG"), O_RDONLY);
        ssize_t got = read(fd, to, BUFFER_BYTES);
        plain_close(fd);
        return got > 0 ? (uint32_t)got : 0;
    }
    memset(to, bytes_per_pixel() == 2 ? 128 : 100, bytes);
    if (bytes_per_pixel() == 2) {
        for (uint32_t i = 0; i < bytes; i += 2) to[i] = 126;
    } else {
        memcpy(to, &camera->sequence, sizeof camera->sequence);
    }
    return bytes;
}

static void fill_one(camera_t *camera) {
    struct v4l2_buffer buffer = {.index = camera->waiting[0], .type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    struct timespec now;
    memmove(camera->waiting, camera->waiting + 1, --camera->waiting_count * sizeof camera->waiting[0]);
    clock_gettime(CLOCK_MONOTONIC, &now);
    buffer.memory = V4L2_MEMORY_MMAP;
    buffer.flags = V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC | V4L2_BUF_FLAG_DONE;
    if (camera->sequence < setting("SHIM_DAMAGED", 0)) buffer.flags |= V4L2_BUF_FLAG_ERROR;
    buffer.bytesused = paint(camera, camera->memory + buffer.index * (size_t)BUFFER_BYTES);
    buffer.length = BUFFER_BYTES;
    buffer.sequence = camera->sequence;
    buffer.timestamp.tv_sec = now.tv_sec;
    buffer.timestamp.tv_usec = now.tv_nsec / 1000;
    camera->filled[camera->filled_count++] = buffer;
}

static void *make_frames(void *of) {
    camera_t *camera = of;
    long period_ns = 1000000000L / setting("SHIM_FPS", 30);
    for (;;) {
        nanosleep(&(struct timespec){period_ns / 1000000000L, period_ns % 1000000000L}, NULL);
        pthread_mutex_lock(&lock);
        bool stop = camera->stop;
        if (!stop && !was_unplugged && camera->sequence >= setting("SHIM_UNPLUG_AFTER", 1L << 40)) {
            was_unplugged = camera->gone = stop = true;
            clock_gettime(CLOCK_MONOTONIC, &unplugged_at);
            shutdown(camera->driver_fd, SHUT_RDWR);
        } else if (!stop && camera->sequence < setting("SHIM_STALL_AFTER", 1L << 40)) {
            bool has_room = camera->waiting_count > 0;
            if (has_room) fill_one(camera);
            camera->sequence++;
            /* The user's end is closed: the device was closed without a STREAMOFF. */
            if (has_room && send(camera->driver_fd, "f", 1, MSG_NOSIGNAL) < 0) stop = true;
            tell_progress(camera->sequence);
        }
        pthread_mutex_unlock(&lock);
        if (stop) return NULL;
    }
}

/* The descriptor may be a duplicate: Python's mmap makes one. So cameras are told by inode. */
static camera_t *camera_of(int fd) {
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode)) return NULL;
    for (int i = 0; i < CAMERAS; i++) {
        if (cameras[i] != NULL && cameras[i]->inode == status.st_ino) return cameras[i];
    }
    return NULL;
}

static int open_camera(int flags) {
    struct stat status;
    int ends[2];
    long failure = setting("SHIM_OPEN_ERRNO", is_plugged() ? 0 : ENOENT);
    if (failure != 0) { errno = (int)failure; return -1; }
    camera_t *camera = calloc(1, sizeof *camera);
    int slot = 0;
    while (slot < CAMERAS && cameras[slot] != NULL) slot++;
    if (slot == CAMERAS) { errno = EMFILE; return -1; }
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | (flags & O_NONBLOCK ? SOCK_NONBLOCK : 0), 0, ends) != 0) return -1;
    camera->user_fd = ends[0];
    camera->driver_fd = ends[1];
    camera->memory_fd = memfd_create("camera", MFD_CLOEXEC);
    if (ftruncate(camera->memory_fd, (off_t)BUFFER_BYTES * MAX_BUFFERS) != 0) return -1;
    camera->memory = mmap(NULL, (size_t)BUFFER_BYTES * MAX_BUFFERS, PROT_READ | PROT_WRITE, MAP_SHARED, camera->memory_fd, 0);
    fstat(camera->user_fd, &status);
    camera->inode = status.st_ino;
    camera->width = SIZES[0].width;
    camera->height = SIZES[0].height;
    cameras[slot] = camera;
    return camera->user_fd;
}

static void describe(const camera_t *camera, struct v4l2_pix_format *pix) {
    memset(pix, 0, sizeof *pix);
    pix->width = camera->width;
    pix->height = camera->height;
    pix->pixelformat = pixel_format();
    pix->field = V4L2_FIELD_NONE;
    pix->bytesperline = pixel_format() == V4L2_PIX_FMT_MJPEG ? 0 : camera->width * bytes_per_pixel();
    pix->sizeimage = BUFFER_BYTES;
    pix->colorspace = V4L2_COLORSPACE_SRGB;
}

static int set_format(camera_t *camera, struct v4l2_pix_format *pix, bool keep) {
    camera_t asked = *camera;
    asked.width = SIZES[0].width;
    asked.height = SIZES[0].height;
    if (pix->width > SIZES[0].width) { asked.width = SIZES[1].width; asked.height = SIZES[1].height; }
    describe(&asked, pix);
    if (keep) { camera->width = asked.width; camera->height = asked.height; }
    return 0;
}

static int start(camera_t *camera) {
    long failure = setting("SHIM_STREAMON_ERRNO", 0);
    if (failure != 0) { errno = (int)failure; return -1; }
    camera->streaming = true;
    camera->sequence = 0;
    return pthread_create(&camera->maker, NULL, make_frames, camera);
}

static int stop(camera_t *camera) {
    if (!camera->streaming) return 0;
    camera->stop = true;
    camera->streaming = false;
    pthread_mutex_unlock(&lock);
    pthread_join(camera->maker, NULL);
    pthread_mutex_lock(&lock);
    camera->stop = false;
    if (camera->gone) { errno = ENODEV; return -1; }
    return 0;
}

static int dequeue(camera_t *camera, struct v4l2_buffer *to) {
    char byte;
    for (;;) {
        if (camera->gone) { errno = ENODEV; return -1; }
        if (camera->filled_count > 0) break;
        pthread_mutex_unlock(&lock);
        ssize_t got = recv(camera->user_fd, &byte, 1, MSG_PEEK);
        pthread_mutex_lock(&lock);
        if (got < 0) return -1; /* EAGAIN */
    }
    if (recv(camera->user_fd, &byte, 1, 0) != 1) return -1;
    *to = camera->filled[0];
    memmove(camera->filled, camera->filled + 1, --camera->filled_count * sizeof camera->filled[0]);
    return 0;
}

static int list_mode(const camera_t *camera, unsigned long request, void *argument) {
    (void)camera;
    errno = getenv("SHIM_NO_MODES") != NULL ? ENOTTY : EINVAL;
    if (errno == ENOTTY && request != VIDIOC_ENUM_FMT) return -1;
    if (request == VIDIOC_ENUM_FMT) {
        struct v4l2_fmtdesc *to = argument;
        if (to->index > 0) return -1;
        to->pixelformat = pixel_format();
    } else if (request == VIDIOC_ENUM_FRAMESIZES) {
        struct v4l2_frmsizeenum *to = argument;
        if (to->index >= sizeof SIZES / sizeof SIZES[0]) return -1;
        to->type = V4L2_FRMSIZE_TYPE_DISCRETE;
        to->discrete.width = SIZES[to->index].width;
        to->discrete.height = SIZES[to->index].height;
    } else {
        struct v4l2_frmivalenum *to = argument;
        if (to->index > 0) return -1;
        to->type = V4L2_FRMIVAL_TYPE_DISCRETE;
        to->discrete.numerator = 1;
        to->discrete.denominator = 30;
    }
    return 0;
}

static int answer(camera_t *camera, unsigned long request, void *argument) {
    struct v4l2_format *format = argument;
    struct v4l2_buffer *buffer = argument;
    if (camera->gone && request != VIDIOC_STREAMOFF) { errno = ENODEV; return -1; }
    switch (request) {
    case VIDIOC_QUERYCAP: {
        struct v4l2_capability *to = argument;
        memset(to, 0, sizeof *to);
        strcpy((char *)to->driver, "shim");
        strcpy((char *)to->card, "Shim Grabber");
        to->capabilities = V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING;
        return 0;
    }
    case VIDIOC_ENUMINPUT:
        if (((struct v4l2_input *)argument)->index > 0) break;
        ((struct v4l2_input *)argument)->type = V4L2_INPUT_TYPE_CAMERA;
        return 0;
    case VIDIOC_G_INPUT: case VIDIOC_S_INPUT: *(int *)argument = 0; return 0;
    case VIDIOC_ENUM_FMT: case VIDIOC_ENUM_FRAMESIZES: case VIDIOC_ENUM_FRAMEINTERVALS:
        return list_mode(camera, request, argument);
    case VIDIOC_G_FMT: describe(camera, &format->fmt.pix); return 0;
    case VIDIOC_TRY_FMT: case VIDIOC_S_FMT: return set_format(camera, &format->fmt.pix, request == VIDIOC_S_FMT);
    case VIDIOC_G_PARM: case VIDIOC_S_PARM: {
        struct v4l2_streamparm *to = argument;
        to->parm.capture.timeperframe.numerator = 1;
        to->parm.capture.timeperframe.denominator = 30;
        return 0;
    }
    case VIDIOC_CROPCAP: {
        struct v4l2_cropcap *crop = argument;
        if (getenv("SHIM_ASPECT") == NULL) { errno = ENOTTY; return -1; }
        crop->defrect = crop->bounds = (struct v4l2_rect){0, 0, 720, 576};
        sscanf(getenv("SHIM_ASPECT"), "%u/%u", &crop->pixelaspect.numerator, &crop->pixelaspect.denominator);
        return 0;
    }
    case VIDIOC_REQBUFS: {
        struct v4l2_requestbuffers *to = argument;
        if (to->count > MAX_BUFFERS) to->count = MAX_BUFFERS;
        camera->buffers = to->count;
        camera->waiting_count = camera->filled_count = 0;
        return 0;
    }
    case VIDIOC_QUERYBUF:
        if (buffer->index >= camera->buffers) break;
        buffer->length = BUFFER_BYTES;
        buffer->m.offset = buffer->index * BUFFER_BYTES;
        return 0;
    case VIDIOC_QBUF:
        if (buffer->index >= camera->buffers || camera->waiting_count == camera->buffers) break;
        camera->waiting[camera->waiting_count++] = buffer->index;
        return 0;
    case VIDIOC_DQBUF: return dequeue(camera, buffer);
    case VIDIOC_STREAMON: return start(camera);
    case VIDIOC_STREAMOFF: return stop(camera);
    default: break;
    }
    errno = EINVAL;
    return -1;
}

int ioctl(int fd, unsigned long request, ...) {
    va_list rest;
    va_start(rest, request);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    pthread_mutex_lock(&lock);
    camera_t *camera = camera_of(fd);
    int result = camera != NULL ? answer(camera, request, argument) : 0;
    pthread_mutex_unlock(&lock);
    if (camera != NULL) return result;
    int (*real)(int, unsigned long, ...) = dlsym(RTLD_NEXT, "ioctl");
    return real(fd, request, argument);
}

static bool is_camera(const char *path) { return path != NULL && strcmp(path, "/dev/video0") == 0; }

static int open_with(const char *name, const char *path, int flags, mode_t mode) {
    if (is_camera(path)) {
        pthread_mutex_lock(&lock);
        int fd = open_camera(flags);
        pthread_mutex_unlock(&lock);
        return fd;
    }
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, name);
    return real(path, flags, mode);
}

static mode_t mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_with("open", path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return open_with("open64", path, flags, mode);
}

int stat(const char *path, struct stat *to) {
    if (is_camera(path) && is_plugged()) {
        memset(to, 0, sizeof *to);
        to->st_mode = S_IFCHR | 0660;
        to->st_rdev = makedev(81, 0);
        return 0;
    }
    int (*real)(const char *, struct stat *) = dlsym(RTLD_NEXT, "stat");
    return real(path, to);
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    void *(*real)(void *, size_t, int, int, int, off_t) = dlsym(RTLD_NEXT, "mmap");
    camera_t *camera = fd >= 0 ? camera_of(fd) : NULL;
    return real(at, length, protection, flags, camera != NULL ? camera->memory_fd : fd, offset);
}

void *mmap64(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    return mmap(at, length, protection, flags, fd, offset);
}

int close(int fd) {
    pthread_mutex_lock(&lock);
    camera_t *camera = camera_of(fd);
    if (camera != NULL && camera->user_fd == fd) {
        (void)stop(camera);
        for (int i = 0; i < CAMERAS; i++) {
            if (cameras[i] == camera) cameras[i] = NULL;
        }
        pthread_mutex_unlock(&lock);
        plain_close(camera->driver_fd);
        plain_close(camera->memory_fd);
        munmap(camera->memory, (size_t)BUFFER_BYTES * MAX_BUFFERS);
        free(camera);
        plain_close(fd);
        return 0;
    }
    pthread_mutex_unlock(&lock);
    int (*real)(int) = dlsym(RTLD_NEXT, "close");
    return real(fd);
}
