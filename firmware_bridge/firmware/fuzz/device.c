/* The whole device, fed with bytes, time and what its surroundings do: whatever comes, it never transmits where it may
   not, its settings keep the limits, and its buffers their bounds.

   An input is a list of acts, a byte each and then what it needs. `HEAR` gives bytes to the line as they are; the
   checksum is not looked at here (FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION), so that they can become frames. `SAY` puts
   a body into a frame of the open session, which is the short way to the commands. */
#include "device.h"

#include <string.h>

#include "crc32.h"
#include "harness.h"
#include "limits.h"
#include "messages.h"
#include "sha256.h"

#define MAX_ACTS 200u
#define SESSION 1u
#define HELLO 1u
#define DATA 3u
#define PLAIN 4u
#define ACK 5u

enum { TICK, SAY, SAY_PLAIN, ACKNOWLEDGE, PULL, STIMULATE, OPEN, HEAR, SET, UPLOAD, READY, CUT, WAIT, N_ACTS };

typedef struct probe {
    rig *board;
    boot_outcome running;
    port machine;
    device core;
    deframer host;
    uint32_t now_us;
    uint8_t plain_seq;
    uint8_t n_unheard; /* the device's newest frames that the host does not acknowledge yet */
    bool reset_asked;
} probe;

/* ------------------------------------------------------------------------------------------------------ properties */

static void may_transmit(const probe *self) {
    const device *const core = &self->core;
    const permission *const transmit = &core->transmit;
    const bool held = transmit->off == TRANSMIT_OFF_FROZEN; /* unfreezing gives it back */
    HOLDS(transmit->armed == (transmit->off == TRANSMIT_OFF_NONE));
    if (transmit->armed || held) {
        HOLDS(transmit->imaging && (transmit->frozen == held));
        HOLDS(core->latch.code == FAULT_CODE_NONE);
        HOLDS(core->link.session != 0u);
        HOLDS(core->host.heard && ((self->now_us - core->host.heard_us) < HEARTBEAT_TIMEOUT_US));
        HOLDS(!core->felt.hot && !core->felt.over && !core->felt.front_end_fails && !core->line.noisy);
    }
}

/* The readings themselves, once the device had a chance to look at them. */
static void may_transmit_as_it_feels(const probe *self) {
    const sensors *const felt = &self->core.felt;
    if (self->core.transmit.armed || (self->core.transmit.off == TRANSMIT_OFF_FROZEN)) {
        HOLDS((felt->probe_dc < (int32_t)PROBE_HOT_DC) && (felt->board_dc < (int32_t)BOARD_HOT_DC));
        HOLDS(felt->battery_percent >= BATTERY_LOW_PERCENT);
    }
}

static void keeps_limits(const probe *self) {
    const int32_t *const values = self->core.chosen.values;
    const acoustic_output output = limits_output(values);
    HOLDS(limits_check(values).refusal == REFUSAL_NONE);
    HOLDS((output.mi_milli <= 1900u) && (output.ispta_mw_cm2 <= 720u));
}

static void keeps_bounds(const probe *self) {
    const device *const core = &self->core;
    HOLDS((core->link.output.n_bytes <= OUTBOX_BYTES) && (core->link.output.first < OUTBOX_BYTES));
    HOLDS(core->link.input.n_block <= FRAME_MAX_BLOCK_BYTES);
    HOLDS(link_n_free(&core->link) <= WINDOW_FRAMES);
    HOLDS(core->n_buttons <= MAX_BUTTONS);
    HOLDS(core->log.n_noted <= LOG_MAX_NOTED);
    HOLDS(core->update.offset <= core->update.size);
}

static void holds(const probe *self) {
    may_transmit(self);
    keeps_limits(self);
    keeps_bounds(self);
}

/* -------------------------------------------------------------------------------------------------------- the probe */

static void request_reset(void *context) { ((probe *)context)->reset_asked = true; }

static void cut_flash_after(void *context, uint32_t n_operations) {
    ((probe *)context)->board->cut_in = (n_operations % 64u) + 1u;
}

/* Power on. Only the device itself wrote to the flash, so there is always an image that runs. */
static void start(probe *self, uint8_t reason) {
    self->board->memory.dead = false;
    self->reset_asked = false;
    deframer_start(&self->host);
    self->running = boot_select(&self->board->flash, HARDWARE);
    if (self->board->memory.dead) {
        self->board->memory.dead = false;
        self->running = boot_select(&self->board->flash, HARDWARE);
    }
    HOLDS(self->running.bank != BANK_NONE);
    self->machine.boot_reason = reason;
    /* Memory after a reset holds anything. */
    (void)memset(&self->core, 0xA5, sizeof self->core);
    device_start(&self->core, &self->machine, self->now_us);
    holds(self);
    HOLDS(!self->core.transmit.armed);
}

/* After each call. Where the power went, the board knows no more of what the device did then. */
static void settle(probe *self, uint8_t reason) {
    if (self->board->memory.dead || self->reset_asked) {
        start(self, self->board->memory.dead ? BOOT_REASON_POWER : reason);
    }
    holds(self);
}

static void make_probe(probe *self, input *from) {
    uint8_t image[IMAGE_ROOM];
    (void)memset(self, 0, sizeof *self);
    self->board = rig_new();
    rig_store(self->board, BANK_A_START, image, rig_make_image(image, 16u, 1u, HARDWARE));
    self->machine.context = self;
    self->machine.flash = &self->board->flash;
    self->machine.running = &self->running;
    self->machine.hardware_id = HARDWARE;
    self->machine.serial_number = 7u;
    self->machine.request_reset = request_reset;
    self->machine.hang = request_reset;
    self->machine.cut_flash_after = cut_flash_after;
    self->now_us = take_u32(from);
    start(self, take_u8(from) % 4u);
}

/* --------------------------------------------------------------------------------------------------------- the line */

static void hear(probe *self, const uint8_t *bytes, size_t n_bytes) {
    device_receive(&self->core, bytes, n_bytes, self->now_us);
    may_transmit_as_it_feels(self);
    settle(self, BOOT_REASON_REQUEST);
}

static void hear_frame(probe *self, uint8_t kind, uint8_t seq, const uint8_t *body, size_t n_body) {
    const uint8_t session = (kind == HELLO) ? SESSION : self->core.link.session;
    const sender *const away = &self->core.link.outgoing;
    const uint8_t n_away = sequence_distance(away->base, away->next);
    const uint8_t ack = (uint8_t)(away->next - ((self->n_unheard < n_away) ? self->n_unheard : n_away));
    const uint8_t header[3] = {(uint8_t)((uint32_t)(kind << 5) | session), seq, ack};
    uint8_t frame[FRAME_MAX_BLOCK_BYTES + 1u];
    frame_writer writer;
    frame_begin(&writer, frame);
    frame_add(&writer, header, sizeof header);
    frame_add(&writer, body, n_body);
    hear(self, frame, frame_end(&writer));
}

static void say(probe *self, const uint8_t *body, size_t n_body) {
    hear_frame(self, DATA, self->core.link.expected, body, n_body);
}

static void say_plain(probe *self, const uint8_t *body, size_t n_body) {
    hear_frame(self, PLAIN, self->plain_seq, body, n_body);
    self->plain_seq++;
}

static void open_session(probe *self) {
    const uint8_t digest[8] = LAYOUT_DIGEST;
    uint8_t body[18] = {'S', 'O', 'N', 'O', PROTOCOL_VERSION & 0xFFu, PROTOCOL_VERSION >> 8};
    (void)memcpy(&body[6], digest, sizeof digest);
    hear_frame(self, HELLO, 0u, body, sizeof body);
}

static void pull(probe *self, size_t room) {
    uint8_t bytes[OUTBOX_BYTES];
    const size_t n_bytes = device_pull(&self->core, bytes, room);
    HOLDS(n_bytes <= room);
    for (size_t i = 0u; i < n_bytes; i++) {
        size_t n_payload = 0u;
        const deframer_result result = deframer_take(&self->host, bytes[i], &n_payload);
        HOLDS(result != DEFRAMER_DAMAGED);
        if (result == DEFRAMER_FRAME) {
            const uint8_t *const crc = &self->host.block[n_payload];
            const uint32_t sent = crc[0] | ((uint32_t)crc[1] << 8) | ((uint32_t)crc[2] << 16) | ((uint32_t)crc[3] << 24);
            HOLDS((n_payload >= 3u) && (crc32_update(0u, self->host.block, n_payload) == sent));
        }
    }
}

/* --------------------------------------------------------------------------------------------------------- the acts */

static void say_number(probe *self, uint8_t number, uint8_t value) {
    const uint8_t body[3] = {number, 0u, value};
    say(self, body, sizeof body);
}

/* All that arming needs, then arming. */
static void make_ready(probe *self) {
    const uint8_t beat[2] = {MESSAGE_HOST_HEARTBEAT, 0u};
    const uint8_t clear[2] = {MESSAGE_CLEAR_FAULT, 0u};
    if (self->core.link.session == 0u) {
        open_session(self);
    }
    say_plain(self, beat, sizeof beat);
    say(self, clear, sizeof clear);
    say_number(self, MESSAGE_IMAGING, ACTION_UNFREEZE);
    say_number(self, MESSAGE_IMAGING, ACTION_START);
    say_number(self, MESSAGE_IMAGING, ACTION_ARM);
}

/* Parameters, each with a value from its range most of the time. */
static void set(probe *self, input *from) {
    uint8_t body[2u + (8u * 5u)] = {MESSAGE_SET_PARAMETERS, 0u};
    const size_t n_pairs = 1u + (take_u8(from) % 8u);
    for (size_t i = 0u; i < n_pairs; i++) {
        const uint8_t number = take_u8(from) % (N_PARAMETERS + 1u);
        const uint8_t share = take_u8(from);
        const parameter_row *const row = &PARAMETER_ROWS[number % N_PARAMETERS];
        const uint32_t n_steps = ((uint32_t)row->maximum - (uint32_t)row->minimum) / (uint32_t)row->step;
        const uint32_t value = (uint32_t)row->minimum + ((share * n_steps / 250u) * (uint32_t)row->step);
        uint8_t *const pair = &body[2u + (5u * i)];
        pair[0] = number;
        for (uint32_t byte = 0u; byte < 4u; byte++) {
            pair[1u + byte] = (uint8_t)((value >> (8u * byte)) & 0xFFu);
        }
    }
    say(self, body, 2u + (5u * n_pairs));
}

/* A whole update in four messages: a good image, or with one byte of it changed. */
static void upload(probe *self, input *from) {
    uint8_t image[IMAGE_ROOM];
    uint8_t begin[38] = {MESSAGE_UPDATE_BEGIN, 0u};
    uint8_t data[6u + 480u] = {MESSAGE_UPDATE_DATA, 0u};
    const uint8_t finish[2] = {MESSAGE_UPDATE_FINISH, 0u};
    const uint8_t n_program = take_u8(from) % 120u;
    const size_t n_image = rig_make_image(image, n_program, take_u8(from), HARDWARE + (take_u8(from) / 200u));
    const uint8_t damage = take_u8(from);
    sha256 hash;
    if (damage > 200u) {
        image[n_image - damage] ^= 1u;
    }
    begin[2] = (uint8_t)(n_image & 0xFFu);
    begin[3] = (uint8_t)(n_image >> 8);
    sha256_start(&hash);
    sha256_update(&hash, image, n_image);
    sha256_finish(&hash, &begin[6]);
    (void)memcpy(&data[6], image, n_image);
    say_number(self, MESSAGE_IMAGING, ACTION_STOP);
    say(self, begin, sizeof begin);
    say(self, data, 6u + n_image);
    say(self, finish, sizeof finish);
}

static void tick(probe *self, uint32_t step_us) {
    self->now_us += step_us;
    device_tick(&self->core, self->now_us);
    if (!self->reset_asked) {
        may_transmit_as_it_feels(self);
    }
    settle(self, BOOT_REASON_REQUEST);
}

static void act(probe *self, uint8_t choice, input *from) {
    const uint8_t kind = choice % N_ACTS;
    uint8_t body[64] = {0};
    size_t n_taken;
    const uint8_t *taken;
    switch (kind) {
    case SAY:
    case SAY_PLAIN:
        taken = take_bytes(from, take_u8(from) % sizeof body, &n_taken);
        (void)memcpy(body, taken, n_taken);
        if (kind == SAY_PLAIN) {
            say_plain(self, body, n_taken);
        } else { /* in its turn, or ahead of it */
            hear_frame(self, DATA, (uint8_t)(self->core.link.expected + (choice / N_ACTS)), body, n_taken);
        }
        break;
    case ACKNOWLEDGE:
        self->n_unheard = take_u8(from) % (WINDOW_FRAMES + 2u);
        taken = take_bytes(from, 2u, &n_taken);
        (void)memcpy(body, taken, n_taken);
        hear_frame(self, (uint8_t)(ACK + ((choice / N_ACTS) % 2u)), 0u, body, 2u);
        break;
    case PULL:
        pull(self, (take_u8(from) * 17u) % (OUTBOX_BYTES + 1u));
        break;
    case STIMULATE:
        n_taken = take_u8(from);
        device_stimulate(&self->core, (uint8_t)n_taken, (int16_t)(take_u8(from) * 4u) - 200, self->now_us);
        settle(self, BOOT_REASON_WATCHDOG);
        break;
    case OPEN:
        open_session(self);
        break;
    case HEAR:
        taken = take_bytes(from, take_u8(from), &n_taken);
        hear(self, taken, n_taken);
        break;
    case SET:
        set(self, from);
        break;
    case UPLOAD:
        upload(self, from);
        break;
    case READY:
        make_ready(self);
        break;
    case CUT:
        self->board->cut_in = 1u + (take_u8(from) % 32u);
        break;
    case WAIT:
        tick(self, take_u32(from));
        break;
    default:
        tick(self, take_u8(from) * 1000u);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n_bytes) {
    static probe self;
    input from = {bytes, n_bytes};
    make_probe(&self, &from);
    for (uint32_t i = 0u; (i < MAX_ACTS) && (from.n_bytes > 0u); i++) {
        act(&self, take_u8(&from), &from);
    }
    return 0;
}
