#include "commands.h"

#include <string.h>

#include "describing.h"
#include "messages.h"
#include "self_test.h"
#include "update_commands.h"

typedef struct command {
    uint8_t number;
    size_t (*obey)(device *self, const uint8_t *fields, size_t n_fields);
} command;

size_t commands_refuse(device *self, uint8_t tag, uint8_t refusal, uint8_t number) {
    const message_refused reply = {.tag = tag, .refusal = refusal, .message = number};
    return pack_refused(&reply, self->reply);
}

static size_t done(device *self, uint8_t tag, uint8_t refusal) {
    const message_done reply = {.tag = tag, .refusal = refusal};
    return pack_done(&reply, self->reply);
}

/* ------------------------------------------------------------------------------------------------------- parameters */

static size_t obey_get_parameter(device *self, const uint8_t *fields, size_t n_fields) {
    message_get_parameter asked;
    message_parameter_value reply;
    if (!unpack_get_parameter(&asked, fields, n_fields)) {
        return 0u;
    }
    reply.tag = asked.tag;
    reply.refusal = REFUSAL_UNKNOWN_PARAMETER;
    reply.parameter = asked.parameter;
    reply.value = 0;
    reply.epoch = self->chosen.epoch;
    if (asked.parameter < N_PARAMETERS) {
        reply.refusal = REFUSAL_NONE;
        reply.value = self->chosen.values[asked.parameter];
    }
    return pack_parameter_value(&reply, self->reply);
}

static size_t obey_set_parameters(device *self, const uint8_t *fields, size_t n_fields) {
    message_set_parameters asked;
    message_set_result reply;
    limits_verdict verdict;
    if (!unpack_set_parameters(&asked, fields, n_fields)) {
        return 0u;
    }
    verdict = settings_change(&self->chosen, asked.pairs, asked.pairs_size, self->now_us);
    if (verdict.refusal == REFUSAL_NONE) {
        exposing_change_rate(&self->frames, (uint32_t)self->chosen.values[PARAMETER_FRAME_RATE], self->now_us);
    }
    reply.tag = asked.tag;
    reply.refusal = verdict.refusal;
    reply.parameter = verdict.parameter;
    reply.asked = verdict.asked;
    reply.low = verdict.low;
    reply.high = verdict.high;
    reply.epoch = self->chosen.epoch;
    return pack_set_result(&reply, self->reply);
}

size_t commands_parameters(device *self, uint8_t tag) {
    message_parameters reply;
    reply.tag = tag;
    reply.epoch = self->chosen.epoch;
    reply.since_us = self->chosen.since_us;
    (void)memcpy(reply.values, self->chosen.values, sizeof reply.values);
    return pack_parameters(&reply, self->reply);
}

static size_t obey_report_parameters(device *self, const uint8_t *fields, size_t n_fields) {
    message_report_parameters asked;
    if (!unpack_report_parameters(&asked, fields, n_fields)) {
        return 0u;
    }
    return commands_parameters(self, asked.tag);
}

/* ---------------------------------------------------------------------------------------------- imaging and faults */

/* The first condition that does not hold. */
static uint8_t refusal_to_arm(const device *self) {
    uint8_t refusal = REFUSAL_NONE;
    if (self->transmit.armed) {
        refusal = REFUSAL_NONE;
    } else if (self->latch.code != FAULT_CODE_NONE) {
        refusal = REFUSAL_FAULT_LATCHED;
    } else if (self->transmit.frozen) {
        refusal = REFUSAL_FROZEN;
    } else if (!self->host.heard) {
        refusal = REFUSAL_NO_HEARTBEAT;
    } else if (self->felt.hot) {
        refusal = REFUSAL_TOO_HOT;
    } else if (self->felt.battery_percent < BATTERY_READY_PERCENT) {
        refusal = REFUSAL_BATTERY_LOW;
    } else if (self->line.noisy) {
        refusal = REFUSAL_NOISY_LINE;
    } else if (!self->transmit.imaging) {
        refusal = REFUSAL_NOT_IMAGING;
    } else {
        /* All hold. */
    }
    return refusal;
}

static uint8_t arm(device *self) {
    const uint8_t refusal = refusal_to_arm(self);
    if (refusal == REFUSAL_NONE) {
        permission_arm(&self->transmit, self->now_us);
    }
    return refusal;
}

static size_t obey_imaging(device *self, const uint8_t *fields, size_t n_fields) {
    permission *const transmit = &self->transmit;
    uint8_t refusal = REFUSAL_NONE;
    message_imaging asked;
    if (!unpack_imaging(&asked, fields, n_fields)) {
        return 0u;
    }
    switch (asked.action) {
    case ACTION_STOP:
    case ACTION_START:
        permission_image(transmit, asked.action == ACTION_START, self->now_us);
        break;
    case ACTION_FREEZE:
    case ACTION_UNFREEZE:
        permission_freeze(transmit, asked.action == ACTION_FREEZE, self->now_us);
        break;
    case ACTION_ARM:
        refusal = arm(self);
        break;
    case ACTION_DISARM:
        permission_clear(transmit, TRANSMIT_OFF_DISARMED, self->now_us);
        break;
    default:
        refusal = REFUSAL_MALFORMED;
        break;
    }
    return done(self, asked.tag, refusal);
}

static size_t obey_clear_fault(device *self, const uint8_t *fields, size_t n_fields) {
    message_clear_fault asked;
    if (!unpack_clear_fault(&asked, fields, n_fields)) {
        return 0u;
    }
    if (sensors_fault_persists(&self->felt)) {
        return done(self, asked.tag, REFUSAL_FAULT_LATCHED);
    }
    faults_clear(&self->latch);
    return done(self, asked.tag, REFUSAL_NONE);
}

static size_t obey_self_test(device *self, const uint8_t *fields, size_t n_fields) {
    message_self_test asked;
    message_self_test_result reply;
    if (!unpack_self_test(&asked, fields, n_fields)) {
        return 0u;
    }
    reply.tag = asked.tag;
    reply.run = SELF_TESTS;
    reply.failed = failed_self_tests(self->machine, &self->felt);
    if (reply.failed != 0u) {
        faults_latch(&self->latch, FAULT_CODE_SELF_TEST, reply.failed, self->now_us);
    }
    return pack_self_test_result(&reply, self->reply);
}

/* --------------------------------------------------------------------------------------------------------- the line */

static size_t obey_link_statistics(device *self, const uint8_t *fields, size_t n_fields) {
    const link_counters *const counters = &self->link.counters;
    message_ask_link_statistics asked;
    message_link_statistics reply;
    if (!unpack_ask_link_statistics(&asked, fields, n_fields)) {
        return 0u;
    }
    reply.tag = asked.tag;
    reply.good = counters->good;
    reply.damaged = counters->damaged;
    reply.malformed = counters->malformed;
    reply.stale = counters->stale;
    reply.duplicate = counters->duplicate;
    reply.delivered = counters->delivered;
    reply.sent = counters->sent;
    reply.retransmitted = counters->retransmitted;
    reply.timeouts = counters->timeouts;
    reply.naks_sent = counters->naks_sent;
    reply.naks_received = counters->naks_received;
    reply.plain_sent = counters->plain_sent;
    reply.plain_received = counters->plain_received;
    reply.plain_lost = counters->plain_lost;
    reply.plain_dropped = counters->plain_dropped;
    reply.srtt_us = self->link.outgoing.timer.srtt_us;
    reply.rto_us = self->link.outgoing.timer.rto_us;
    return pack_link_statistics(&reply, self->reply);
}

static size_t obey_echo(device *self, const uint8_t *fields, size_t n_fields) {
    message_echo asked;
    message_echoed reply;
    if (!unpack_echo(&asked, fields, n_fields)) {
        return 0u;
    }
    reply.tag = asked.tag;
    reply.data = asked.data;
    reply.data_size = asked.data_size;
    return pack_echoed(&reply, self->reply);
}

static size_t obey_reboot(device *self, const uint8_t *fields, size_t n_fields) {
    message_reboot asked;
    if (!unpack_reboot(&asked, fields, n_fields)) {
        return 0u;
    }
    if (!self->reboot_asked) {
        self->reboot_asked = true;
        self->reboot_asked_us = self->now_us;
    }
    return done(self, asked.tag, REFUSAL_NONE);
}

/* -------------------------------------------------------------------------------------------------------- the table */

static const command COMMANDS[] = {
    {MESSAGE_IDENTIFY, obey_identify},
    {MESSAGE_DESCRIBE_PARAMETER, obey_describe_parameter},
    {MESSAGE_DESCRIBE_PRESET, obey_describe_preset},
    {MESSAGE_GET_PARAMETER, obey_get_parameter},
    {MESSAGE_SET_PARAMETERS, obey_set_parameters},
    {MESSAGE_REPORT_PARAMETERS, obey_report_parameters},
    {MESSAGE_IMAGING, obey_imaging},
    {MESSAGE_CLEAR_FAULT, obey_clear_fault},
    {MESSAGE_SELF_TEST, obey_self_test},
    {MESSAGE_ASK_LINK_STATISTICS, obey_link_statistics},
    {MESSAGE_ECHO, obey_echo},
    {MESSAGE_UPDATE_BEGIN, obey_update_begin},
    {MESSAGE_UPDATE_DATA, obey_update_data},
    {MESSAGE_UPDATE_FINISH, obey_update_finish},
    {MESSAGE_UPDATE_CONFIRM, obey_update_confirm},
    {MESSAGE_ASK_UPDATE, obey_ask_update},
    {MESSAGE_REBOOT, obey_reboot}};

#define N_COMMANDS (sizeof(COMMANDS) / sizeof(COMMANDS[0]))

static const command *find(uint8_t number) {
    for (size_t i = 0u; i < N_COMMANDS; i++) {
        if (COMMANDS[i].number == number) {
            return &COMMANDS[i];
        }
    }
    return NULL;
}

size_t commands_answer(device *self, const uint8_t *body, size_t n_body) {
    const uint8_t number = (n_body > 0u) ? body[0] : 0u;
    const uint8_t tag = (n_body > 1u) ? body[1] : 0u;
    const command *const known = (n_body > 0u) ? find(number) : NULL;
    size_t n_reply;
    if (known == NULL) {
        return commands_refuse(self, tag, REFUSAL_UNKNOWN_MESSAGE, number);
    }
    n_reply = known->obey(self, &body[1], n_body - 1u);
    return (n_reply > 0u) ? n_reply : commands_refuse(self, tag, REFUSAL_MALFORMED, number);
}
