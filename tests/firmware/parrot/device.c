#include "device.h"

#include <string.h>

#include "messages.h"

static void say(device *self, const uint8_t *bytes, size_t n_bytes) {
    if (n_bytes <= PARROT_BYTES - self->n_said) {
        memcpy(self->said + self->n_said, bytes, n_bytes);
        self->n_said += n_bytes;
    }
}

static void say_number(device *self, uint32_t number, char after) {
    uint8_t text[11];
    size_t at = sizeof text;
    text[--at] = (uint8_t)after;
    do {
        text[--at] = (uint8_t)('0' + number % 10u);
        number /= 10u;
    } while (number > 0u);
    say(self, text + at, sizeof text - at);
}

static void say_state(device *self) {
    const boot_outcome *running = self->machine->running;
    say_number(self, running->boot_id, ' ');
    say_number(self, self->machine->boot_reason, ' ');
    say_number(self, running->bank, ' ');
    say_number(self, running->on_trial ? 1u : 0u, ' ');
    say_number(self, running->image.version_major, '\n');
}

static void obey(device *self, uint8_t letter, uint32_t now_us) {
    const port *machine = self->machine;
    switch (letter) {
    case '?':
        say_state(self);
        break;
    case 'T':
        say_number(self, now_us, '\n');
        break;
    case 'R':
        machine->request_reset(machine->context);
        break;
    case 'H':
        machine->hang(machine->context);
        break;
    case 'B':
        say_number(self, boot_begin_update(machine->flash, machine->running), '\n');
        break;
    case 'M':
        say_number(self, boot_mark_pending(machine->flash, machine->running, machine->hardware_id), '\n');
        break;
    case 'C':
        say_number(self, boot_confirm(machine->flash, machine->running), '\n');
        break;
    default:
        say(self, &letter, 1);
        break;
    }
}

void device_start(device *self, const port *machine, uint32_t now_us) {
    (void)now_us;
    self->machine = machine;
    self->n_said = 0;
}

void device_receive(device *self, const uint8_t *bytes, size_t n_bytes, uint32_t now_us) {
    for (size_t i = 0; i < n_bytes; i++) {
        obey(self, bytes[i], now_us);
    }
}

void device_tick(device *self, uint32_t now_us) {
    (void)self;
    (void)now_us;
}

void device_stimulate(device *self, uint8_t kind, int32_t value, uint32_t now_us) {
    (void)now_us;
    if (kind == STIMULUS_CUT_FLASH_AFTER) {
        self->machine->cut_flash_after(self->machine->context, (uint32_t)value);
    }
    say_number(self, kind, ' ');
    say_number(self, (uint32_t)value, '\n');
}

size_t device_pull(device *self, uint8_t *out, size_t room) {
    const size_t n_bytes = self->n_said < room ? self->n_said : room;
    memcpy(out, self->said, n_bytes);
    memmove(self->said, self->said + n_bytes, self->n_said - n_bytes);
    self->n_said -= n_bytes;
    return n_bytes;
}
