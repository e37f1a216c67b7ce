#include "device.h"

#include "commands.h"
#include "limits.h"
#include "messages.h"

/* Free places in the window without which no command is taken: its reply, what it announces, and some spare. */
#define REPLY_ROOM 4u
/* A reboot waits no longer than this for the answer to leave. */
#define REBOOT_PATIENCE_US 100000u

/* ---------------------------------------------------------------------------------------------------- announcements */

static void announce_parameters(device *self) {
    (void)link_send(&self->link, self->reply, commands_parameters(self, 0u));
    self->chosen.unreported = false;
}

static void announce_fault(device *self) {
    const message_fault_report news = {
        .fault = self->latch.code, .detail = self->latch.detail, .device_us = self->latch.since_us};
    (void)link_send(&self->link, self->reply, pack_fault_report(&news, self->reply));
    self->latch.unreported = false;
}

static void announce_transmit(device *self) {
    const message_transmit_state news = {.flags = permission_flags(&self->transmit),
                                         .off = self->transmit.off,
                                         .device_us = self->transmit.since_us};
    (void)link_send(&self->link, self->reply, pack_transmit_state(&news, self->reply));
    self->transmit.unreported = false;
}

static void drop_oldest_buttons(device *self, uint8_t n) {
    for (uint8_t i = n; i < self->n_buttons; i++) {
        self->buttons[i - n] = self->buttons[i];
    }
    self->n_buttons = (uint8_t)(self->n_buttons - n);
}

static void announce_buttons(device *self) {
    uint8_t n_told = 0u;
    while ((n_told < self->n_buttons) && (link_n_free(&self->link) > 0u)) {
        (void)link_send(&self->link, self->reply, pack_button(&self->buttons[n_told], self->reply));
        n_told++;
    }
    drop_oldest_buttons(self, n_told);
}

static void announce(device *self) {
    if (self->latch.unreported && (link_n_free(&self->link) > 0u)) {
        announce_fault(self);
    }
    if (self->transmit.unreported && (link_n_free(&self->link) > 0u)) {
        announce_transmit(self);
    }
    if (self->chosen.unreported && (link_n_free(&self->link) > 0u)) {
        announce_parameters(self);
    }
    announce_buttons(self);
}

/* The end of each call: reliable news first, then what may be lost. */
static void speak(device *self) {
    if (self->link.session != 0u) {
        announce(self);
    }
    link_flush(&self->link, self->now_us);
    for (uint32_t i = 0u; i < N_NOTED; i++) {
        if (self->noted[i].n_body > 0u) {
            (void)link_send_plain(&self->link, self->noted[i].body, self->noted[i].n_body);
            self->noted[i].n_body = 0u;
        }
    }
    logbook_emit(&self->log, &self->link);
}

/* ------------------------------------------------------------------------------------------------------ what is due */

static void expose(device *self) {
    const bool running = self->transmit.imaging && !self->transmit.frozen;
    const uint32_t rate_hz = (uint32_t)self->chosen.values[PARAMETER_FRAME_RATE];
    if (exposing_watch(&self->frames, running, rate_hz, self->now_us)) {
        const message_exposure message = {.frame = self->frames.frame,
                                          .device_us = self->frames.moments.last_us,
                                          .epoch = self->chosen.epoch,
                                          .flags = permission_flags(&self->transmit)};
        noted_frame *const frame = &self->noted[NOTED_EXPOSURE];
        frame->n_body = pack_exposure(&message, frame->body);
    }
}

/* What was due until now comes before what the call brings, so that nothing depends on when ticks happen. */
static void catch_up(device *self, uint32_t now_us) {
    self->now_us = now_us;
    if (heartbeat_watch(&self->host, now_us)) {
        permission_clear(&self->transmit, TRANSMIT_OFF_HEARTBEAT_LOST, now_us);
    }
    if (storm_watch(&self->line, self->link.counters.damaged, now_us)) {
        permission_clear(&self->transmit, TRANSMIT_OFF_NOISY_LINE, now_us);
    }
    sensors_watch(&self->felt, now_us);
    expose(self);
}

static void note_motion(device *self) {
    const int16_t *const motion = self->felt.motion;
    const message_imu message = {.device_us = self->motion.last_us,
                                 .acceleration_mg = {motion[0], motion[1], motion[2]},
                                 .rate_ddps = {motion[3], motion[4], motion[5]}};
    noted_frame *const frame = &self->noted[NOTED_MOTION];
    frame->n_body = pack_imu(&message, frame->body);
}

static void note_telemetry(device *self) {
    const acoustic_output output = limits_output(self->chosen.values);
    const message_telemetry message = {.device_us = self->now_us,
                                       .battery_percent = self->felt.battery_percent,
                                       .probe_temperature_dc = self->felt.probe_dc,
                                       .board_temperature_dc = self->felt.board_dc,
                                       .mi_milli = output.mi_milli,
                                       .tis_milli = output.tis_milli,
                                       .tib_milli = output.tib_milli,
                                       .ispta_mw_cm2 = output.ispta_mw_cm2,
                                       .damaged = self->link.counters.damaged,
                                       .retransmitted = self->link.counters.retransmitted,
                                       .plain_dropped = self->link.counters.plain_dropped};
    noted_frame *const frame = &self->noted[NOTED_TELEMETRY];
    frame->n_body = pack_telemetry(&message, frame->body);
}

static void note_heartbeat(device *self) {
    const message_device_heartbeat message = {.flags = permission_flags(&self->transmit),
                                              .off = self->transmit.off,
                                              .fault = self->latch.code,
                                              .epoch = self->chosen.epoch,
                                              .device_us = self->now_us};
    noted_frame *const frame = &self->noted[NOTED_HEARTBEAT];
    frame->n_body = pack_device_heartbeat(&message, frame->body);
}

static void note_due(device *self) {
    const uint32_t now_us = self->now_us;
    const uint32_t rate_hz = (uint32_t)self->chosen.values[PARAMETER_IMU_RATE];
    if ((self->link.session == 0u) || (rate_hz == 0u)) {
        grid_restart(&self->motion, now_us);
    } else if (grid_n_due(&self->motion, SECOND_US / rate_hz, now_us) > 0u) {
        note_motion(self);
    } else {
        /* No motion is due. */
    }
    if (self->link.session == 0u) {
        return;
    }
    if ((now_us - self->telemetry_us) >= TELEMETRY_PERIOD_US) {
        self->telemetry_us = now_us;
        note_telemetry(self);
    }
    if ((now_us - self->heartbeat_us) >= HEARTBEAT_PERIOD_US) {
        self->heartbeat_us = now_us;
        note_heartbeat(self);
    }
}

/* ----------------------------------------------------------------------------------------------------- for the link */

/* A session began: the host must be heard again, arm again, and be told everything. */
static void opened(void *context) {
    device *const self = (device *)context;
    heartbeat_begin(&self->host);
    permission_clear(&self->transmit, TRANSMIT_OFF_NEW_SESSION, self->now_us);
    self->transmit.unreported = true;
    self->chosen.unreported = true;
    self->latch.unreported = self->latch.code != FAULT_CODE_NONE;
    self->n_buttons = 0u;
    self->telemetry_us = self->now_us;
    self->heartbeat_us = self->now_us;
}

static bool ready(void *context) {
    const device *const self = (const device *)context;
    return link_n_free(&self->link) >= REPLY_ROOM;
}

/* A command. The parameters follow at once on a change, so that no epoch stays untold. */
static void reliable(void *context, const uint8_t *body, size_t n_body) {
    device *const self = (device *)context;
    const uint32_t epoch = self->chosen.epoch;
    (void)link_send(&self->link, self->reply, commands_answer(self, body, n_body));
    if (self->chosen.epoch != epoch) {
        announce_parameters(self);
    }
}

static void answer_clock(device *self, uint16_t query) {
    const message_clock_reply reply = {.query = query, .received_us = self->now_us, .sent_us = self->now_us};
    (void)link_send_plain(&self->link, self->reply, pack_clock_reply(&reply, self->reply));
}

/* A heartbeat or a query of the clock; anything else unreliable is dropped. */
static void plain(void *context, const uint8_t *body, size_t n_body) {
    device *const self = (device *)context;
    message_host_heartbeat beat;
    message_clock_query asked;
    if (n_body == 0u) {
        return;
    }
    if ((body[0] == MESSAGE_HOST_HEARTBEAT) && unpack_host_heartbeat(&beat, &body[1], n_body - 1u)) {
        heartbeat_hear(&self->host, self->now_us);
    } else if ((body[0] == MESSAGE_CLOCK_QUERY) && unpack_clock_query(&asked, &body[1], n_body - 1u)) {
        answer_clock(self, asked.query);
    } else {
        /* Dropped. */
    }
}

/* -------------------------------------------------------------------------------------------------- for the machine */

void device_start(device *self, const port *machine, uint32_t now_us) {
    const link_user user = {.context = self, .opened = opened, .ready = ready, .reliable = reliable, .plain = plain};
    self->machine = machine;
    self->now_us = now_us;
    link_start(&self->link, &user, machine->running->boot_id);
    logbook_start(&self->log);
    permission_start(&self->transmit, &self->log, now_us);
    heartbeat_begin(&self->host);
    storm_start(&self->line, now_us);
    faults_start(&self->latch, &self->log, &self->transmit);
    sensors_start(&self->felt, &self->transmit, &self->latch);
    settings_start(&self->chosen, now_us);
    exposing_start(&self->frames, now_us);
    updating_start(&self->update, machine, &self->log, &self->latch);
    grid_restart(&self->motion, now_us);
    self->telemetry_us = now_us;
    self->heartbeat_us = now_us;
    self->reboot_asked = false;
    self->reboot_asked_us = 0u;
    self->n_buttons = 0u;
    for (uint32_t i = 0u; i < N_NOTED; i++) {
        self->noted[i].n_body = 0u;
    }
    if (machine->boot_reason == BOOT_REASON_WATCHDOG) {
        faults_latch(&self->latch, FAULT_CODE_WATCHDOG, 0, now_us);
    }
}

void device_receive(device *self, const uint8_t *bytes, size_t n_bytes, uint32_t now_us) {
    catch_up(self, now_us);
    link_receive(&self->link, bytes, n_bytes, now_us);
    speak(self);
}

static bool must_reboot(const device *self, uint32_t now_us) {
    const bool answered = self->link.output.n_bytes == 0u;
    return self->reboot_asked && (answered || ((now_us - self->reboot_asked_us) >= REBOOT_PATIENCE_US));
}

void device_tick(device *self, uint32_t now_us) {
    if (must_reboot(self, now_us)) {
        self->machine->request_reset(self->machine->context);
        return;
    }
    catch_up(self, now_us);
    link_tick(&self->link, now_us);
    note_due(self);
    speak(self);
}

static void press(device *self, uint8_t button, bool pressed) {
    if (self->n_buttons == MAX_BUTTONS) {
        drop_oldest_buttons(self, 1u);
    }
    self->buttons[self->n_buttons].button = button;
    self->buttons[self->n_buttons].pressed = pressed ? 1u : 0u;
    self->buttons[self->n_buttons].device_us = self->now_us;
    self->n_buttons++;
    if ((button == 0u) && pressed) {
        permission_freeze(&self->transmit, !self->transmit.frozen, self->now_us);
    }
}

void device_stimulate(device *self, uint8_t stimulus, int32_t value, uint32_t now_us) {
    const port *const machine = self->machine;
    if (stimulus == STIMULUS_HANG) {
        machine->hang(machine->context);
    } else if (stimulus == STIMULUS_RESET) {
        machine->request_reset(machine->context);
    } else if (stimulus == STIMULUS_CUT_FLASH_AFTER) {
        machine->cut_flash_after(machine->context, (value > 0) ? (uint32_t)value : 0u);
    } else {
        catch_up(self, now_us);
        if ((stimulus == STIMULUS_PRESS_BUTTON) || (stimulus == STIMULUS_RELEASE_BUTTON)) {
            press(self, (uint8_t)((uint32_t)value & 0xFFu), stimulus == STIMULUS_PRESS_BUTTON);
        } else {
            sensors_stimulate(&self->felt, stimulus, value, now_us);
        }
        speak(self);
    }
}

size_t device_pull(device *self, uint8_t *to, size_t room) { return link_pull(&self->link, to, room); }
