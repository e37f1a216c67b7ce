#include "describing.h"

#include <string.h>

#include "commands.h"
#include "messages.h"

size_t obey_identify(device *self, const uint8_t *fields, size_t n_fields) {
    const boot_outcome *const running = self->machine->running;
    message_identify asked;
    message_identity reply;
    if (!unpack_identify(&asked, fields, n_fields)) {
        return 0u;
    }
    reply.tag = asked.tag;
    reply.hardware_id = self->machine->hardware_id;
    reply.version[0] = running->image.version_major;
    reply.version[1] = running->image.version_minor;
    reply.version[2] = (uint8_t)(running->image.version_revision & 0xFFu);
    reply.version[3] = (uint8_t)(running->image.version_revision >> 8);
    reply.build = running->image.version_build;
    reply.boot_id = running->boot_id;
    reply.boot_reason = self->machine->boot_reason;
    reply.bank = running->bank;
    reply.confirmed = (uint8_t)(updating_on_trial(&self->update) ? 0u : 1u);
    reply.n_parameters = N_PARAMETERS;
    reply.n_presets = N_PRESETS;
    reply.serial_number = self->machine->serial_number;
    reply.model = (const uint8_t *)MODEL;
    reply.model_size = strlen(MODEL);
    return pack_identity(&reply, self->reply);
}

size_t obey_describe_parameter(device *self, const uint8_t *fields, size_t n_fields) {
    message_describe_parameter asked;
    message_parameter_info reply;
    const parameter_row *row;
    if (!unpack_describe_parameter(&asked, fields, n_fields)) {
        return 0u;
    }
    if (asked.index >= N_PARAMETERS) {
        return commands_refuse(self, asked.tag, REFUSAL_UNKNOWN_PARAMETER, MESSAGE_DESCRIBE_PARAMETER);
    }
    row = &PARAMETER_ROWS[asked.index];
    reply.tag = asked.tag;
    reply.parameter = asked.index;
    reply.unit = row->unit;
    reply.decimals = row->decimals;
    reply.minimum = row->minimum;
    reply.maximum = row->maximum;
    reply.step = row->step;
    reply.initial = row->initial;
    reply.value = self->chosen.values[asked.index];
    reply.label = (const uint8_t *)row->name;
    reply.label_size = strlen(row->name);
    return pack_parameter_info(&reply, self->reply);
}

size_t obey_describe_preset(device *self, const uint8_t *fields, size_t n_fields) {
    message_describe_preset asked;
    message_preset_info reply;
    const preset_row *row;
    if (!unpack_describe_preset(&asked, fields, n_fields)) {
        return 0u;
    }
    if (asked.index >= N_PRESETS) {
        return commands_refuse(self, asked.tag, REFUSAL_UNKNOWN_PRESET, MESSAGE_DESCRIBE_PRESET);
    }
    row = &PRESET_ROWS[asked.index];
    reply.tag = asked.tag;
    reply.preset = asked.index;
    reply.mi_cap_milli = row->mi_cap_milli;
    reply.ispta_cap_mw_cm2 = row->ispta_cap_mw_cm2;
    reply.ti_cap_milli = row->ti_cap_milli;
    reply.label = (const uint8_t *)row->name;
    reply.label_size = strlen(row->name);
    return pack_preset_info(&reply, self->reply);
}
