/* Made from messages.toml by `python -m tools.wire`; edit that, not this. */

#include "messages.h"

#include <string.h>

static void put_u8(uint8_t *out, uint8_t value)
{
    out[0] = value;
}

static void put_u16(uint8_t *out, uint16_t value)
{
    out[0] = (uint8_t)(value & 0xFFu);
    out[1] = (uint8_t)(value >> 8);
}

static void put_u32(uint8_t *out, uint32_t value)
{
    put_u16(out, (uint16_t)(value & 0xFFFFu));
    put_u16(&out[2], (uint16_t)(value >> 16));
}

static void put_i16(uint8_t *out, int16_t value)
{
    put_u16(out, (uint16_t)value);
}

static void put_i32(uint8_t *out, int32_t value)
{
    put_u32(out, (uint32_t)value);
}

static uint8_t get_u8(const uint8_t *in)
{
    return in[0];
}

static uint16_t get_u16(const uint8_t *in)
{
    return (uint16_t)((uint32_t)in[0] | ((uint32_t)in[1] << 8));
}

static uint32_t get_u32(const uint8_t *in)
{
    return (uint32_t)get_u16(in) | ((uint32_t)get_u16(&in[2]) << 16);
}

static int32_t get_i32(const uint8_t *in)
{
    return (int32_t)get_u32(in);
}

bool unpack_identify(message_identify *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 1u);
    if (fits) {
        m->tag = get_u8(&in[0]);
    }
    return fits;
}

bool unpack_describe_parameter(message_describe_parameter *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 2u);
    if (fits) {
        m->tag = get_u8(&in[0]);
        m->index = get_u8(&in[1]);
    }
    return fits;
}

bool unpack_describe_preset(message_describe_preset *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 2u);
    if (fits) {
        m->tag = get_u8(&in[0]);
        m->index = get_u8(&in[1]);
    }
    return fits;
}

bool unpack_get_parameter(message_get_parameter *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 2u);
    if (fits) {
        m->tag = get_u8(&in[0]);
        m->parameter = get_u8(&in[1]);
    }
    return fits;
}

bool unpack_set_parameters(message_set_parameters *m, const uint8_t *in, size_t size)
{
    const bool fits = (size >= 1u);
    if (fits) {
        m->tag = get_u8(&in[0]);
        m->pairs = &in[1];
        m->pairs_size = size - 1u;
    }
    return fits;
}

bool unpack_report_parameters(message_report_parameters *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 1u);
    if (fits) {
        m->tag = get_u8(&in[0]);
    }
    return fits;
}

bool unpack_imaging(message_imaging *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 2u);
    if (fits) {
        m->tag = get_u8(&in[0]);
        m->action = get_u8(&in[1]);
    }
    return fits;
}

bool unpack_clear_fault(message_clear_fault *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 1u);
    if (fits) {
        m->tag = get_u8(&in[0]);
    }
    return fits;
}

bool unpack_self_test(message_self_test *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 1u);
    if (fits) {
        m->tag = get_u8(&in[0]);
    }
    return fits;
}

bool unpack_ask_link_statistics(message_ask_link_statistics *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 1u);
    if (fits) {
        m->tag = get_u8(&in[0]);
    }
    return fits;
}

bool unpack_echo(message_echo *m, const uint8_t *in, size_t size)
{
    const bool fits = (size >= 1u);
    if (fits) {
        m->tag = get_u8(&in[0]);
        m->data = &in[1];
        m->data_size = size - 1u;
    }
    return fits;
}

bool unpack_update_begin(message_update_begin *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 37u);
    if (fits) {
        m->tag = get_u8(&in[0]);
        m->size = get_u32(&in[1]);
        m->digest[0] = get_u8(&in[5]);
        m->digest[1] = get_u8(&in[6]);
        m->digest[2] = get_u8(&in[7]);
        m->digest[3] = get_u8(&in[8]);
        m->digest[4] = get_u8(&in[9]);
        m->digest[5] = get_u8(&in[10]);
        m->digest[6] = get_u8(&in[11]);
        m->digest[7] = get_u8(&in[12]);
        m->digest[8] = get_u8(&in[13]);
        m->digest[9] = get_u8(&in[14]);
        m->digest[10] = get_u8(&in[15]);
        m->digest[11] = get_u8(&in[16]);
        m->digest[12] = get_u8(&in[17]);
        m->digest[13] = get_u8(&in[18]);
        m->digest[14] = get_u8(&in[19]);
        m->digest[15] = get_u8(&in[20]);
        m->digest[16] = get_u8(&in[21]);
        m->digest[17] = get_u8(&in[22]);
        m->digest[18] = get_u8(&in[23]);
        m->digest[19] = get_u8(&in[24]);
        m->digest[20] = get_u8(&in[25]);
        m->digest[21] = get_u8(&in[26]);
        m->digest[22] = get_u8(&in[27]);
        m->digest[23] = get_u8(&in[28]);
        m->digest[24] = get_u8(&in[29]);
        m->digest[25] = get_u8(&in[30]);
        m->digest[26] = get_u8(&in[31]);
        m->digest[27] = get_u8(&in[32]);
        m->digest[28] = get_u8(&in[33]);
        m->digest[29] = get_u8(&in[34]);
        m->digest[30] = get_u8(&in[35]);
        m->digest[31] = get_u8(&in[36]);
    }
    return fits;
}

bool unpack_update_data(message_update_data *m, const uint8_t *in, size_t size)
{
    const bool fits = (size >= 5u);
    if (fits) {
        m->tag = get_u8(&in[0]);
        m->offset = get_u32(&in[1]);
        m->data = &in[5];
        m->data_size = size - 5u;
    }
    return fits;
}

bool unpack_update_finish(message_update_finish *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 1u);
    if (fits) {
        m->tag = get_u8(&in[0]);
    }
    return fits;
}

bool unpack_update_confirm(message_update_confirm *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 1u);
    if (fits) {
        m->tag = get_u8(&in[0]);
    }
    return fits;
}

bool unpack_ask_update(message_ask_update *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 1u);
    if (fits) {
        m->tag = get_u8(&in[0]);
    }
    return fits;
}

bool unpack_reboot(message_reboot *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 1u);
    if (fits) {
        m->tag = get_u8(&in[0]);
    }
    return fits;
}

bool unpack_host_heartbeat(message_host_heartbeat *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 1u);
    if (fits) {
        m->counter = get_u8(&in[0]);
    }
    return fits;
}

bool unpack_clock_query(message_clock_query *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 2u);
    if (fits) {
        m->query = get_u16(&in[0]);
    }
    return fits;
}

bool unpack_stimulate(message_stimulate *m, const uint8_t *in, size_t size)
{
    const bool fits = (size == 5u);
    if (fits) {
        m->stimulus = get_u8(&in[0]);
        m->value = get_i32(&in[1]);
    }
    return fits;
}

size_t pack_identity(const message_identity *m, uint8_t *out)
{
    put_u8(out, MESSAGE_IDENTITY);
    put_u8(&out[1], m->tag);
    put_u32(&out[2], m->hardware_id);
    put_u8(&out[6], m->version[0]);
    put_u8(&out[7], m->version[1]);
    put_u8(&out[8], m->version[2]);
    put_u8(&out[9], m->version[3]);
    put_u32(&out[10], m->build);
    put_u32(&out[14], m->boot_id);
    put_u8(&out[18], m->boot_reason);
    put_u8(&out[19], m->bank);
    put_u8(&out[20], m->confirmed);
    put_u8(&out[21], m->n_parameters);
    put_u8(&out[22], m->n_presets);
    put_u32(&out[23], m->serial_number);
    if (m->model_size > 0u) {
        (void)memcpy(&out[27], m->model, m->model_size);
    }
    return 27u + m->model_size;
}

size_t pack_parameter_info(const message_parameter_info *m, uint8_t *out)
{
    put_u8(out, MESSAGE_PARAMETER_INFO);
    put_u8(&out[1], m->tag);
    put_u8(&out[2], m->parameter);
    put_u8(&out[3], m->unit);
    put_u8(&out[4], m->decimals);
    put_i32(&out[5], m->minimum);
    put_i32(&out[9], m->maximum);
    put_i32(&out[13], m->step);
    put_i32(&out[17], m->initial);
    put_i32(&out[21], m->value);
    if (m->label_size > 0u) {
        (void)memcpy(&out[25], m->label, m->label_size);
    }
    return 25u + m->label_size;
}

size_t pack_preset_info(const message_preset_info *m, uint8_t *out)
{
    put_u8(out, MESSAGE_PRESET_INFO);
    put_u8(&out[1], m->tag);
    put_u8(&out[2], m->preset);
    put_u16(&out[3], m->mi_cap_milli);
    put_u16(&out[5], m->ispta_cap_mw_cm2);
    put_u16(&out[7], m->ti_cap_milli);
    if (m->label_size > 0u) {
        (void)memcpy(&out[9], m->label, m->label_size);
    }
    return 9u + m->label_size;
}

size_t pack_parameter_value(const message_parameter_value *m, uint8_t *out)
{
    put_u8(out, MESSAGE_PARAMETER_VALUE);
    put_u8(&out[1], m->tag);
    put_u8(&out[2], m->refusal);
    put_u8(&out[3], m->parameter);
    put_i32(&out[4], m->value);
    put_u32(&out[8], m->epoch);
    return 12u;
}

size_t pack_set_result(const message_set_result *m, uint8_t *out)
{
    put_u8(out, MESSAGE_SET_RESULT);
    put_u8(&out[1], m->tag);
    put_u8(&out[2], m->refusal);
    put_u8(&out[3], m->parameter);
    put_i32(&out[4], m->asked);
    put_i32(&out[8], m->low);
    put_i32(&out[12], m->high);
    put_u32(&out[16], m->epoch);
    return 20u;
}

size_t pack_parameters(const message_parameters *m, uint8_t *out)
{
    put_u8(out, MESSAGE_PARAMETERS);
    put_u8(&out[1], m->tag);
    put_u32(&out[2], m->epoch);
    put_u32(&out[6], m->since_us);
    put_i32(&out[10], m->values[0]);
    put_i32(&out[14], m->values[1]);
    put_i32(&out[18], m->values[2]);
    put_i32(&out[22], m->values[3]);
    put_i32(&out[26], m->values[4]);
    put_i32(&out[30], m->values[5]);
    put_i32(&out[34], m->values[6]);
    put_i32(&out[38], m->values[7]);
    put_i32(&out[42], m->values[8]);
    put_i32(&out[46], m->values[9]);
    put_i32(&out[50], m->values[10]);
    put_i32(&out[54], m->values[11]);
    put_i32(&out[58], m->values[12]);
    put_i32(&out[62], m->values[13]);
    put_i32(&out[66], m->values[14]);
    put_i32(&out[70], m->values[15]);
    put_i32(&out[74], m->values[16]);
    return 78u;
}

size_t pack_done(const message_done *m, uint8_t *out)
{
    put_u8(out, MESSAGE_DONE);
    put_u8(&out[1], m->tag);
    put_u8(&out[2], m->refusal);
    return 3u;
}

size_t pack_self_test_result(const message_self_test_result *m, uint8_t *out)
{
    put_u8(out, MESSAGE_SELF_TEST_RESULT);
    put_u8(&out[1], m->tag);
    put_u8(&out[2], m->run);
    put_u8(&out[3], m->failed);
    return 4u;
}

size_t pack_link_statistics(const message_link_statistics *m, uint8_t *out)
{
    put_u8(out, MESSAGE_LINK_STATISTICS);
    put_u8(&out[1], m->tag);
    put_u32(&out[2], m->good);
    put_u32(&out[6], m->damaged);
    put_u32(&out[10], m->malformed);
    put_u32(&out[14], m->stale);
    put_u32(&out[18], m->duplicate);
    put_u32(&out[22], m->delivered);
    put_u32(&out[26], m->sent);
    put_u32(&out[30], m->retransmitted);
    put_u32(&out[34], m->timeouts);
    put_u32(&out[38], m->naks_sent);
    put_u32(&out[42], m->naks_received);
    put_u32(&out[46], m->plain_sent);
    put_u32(&out[50], m->plain_received);
    put_u32(&out[54], m->plain_lost);
    put_u32(&out[58], m->plain_dropped);
    put_u32(&out[62], m->srtt_us);
    put_u32(&out[66], m->rto_us);
    return 70u;
}

size_t pack_echoed(const message_echoed *m, uint8_t *out)
{
    put_u8(out, MESSAGE_ECHOED);
    put_u8(&out[1], m->tag);
    if (m->data_size > 0u) {
        (void)memcpy(&out[2], m->data, m->data_size);
    }
    return 2u + m->data_size;
}

size_t pack_update_status(const message_update_status *m, uint8_t *out)
{
    put_u8(out, MESSAGE_UPDATE_STATUS);
    put_u8(&out[1], m->tag);
    put_u8(&out[2], m->refusal);
    put_u8(&out[3], m->state);
    put_u8(&out[4], m->bank);
    put_u32(&out[5], m->offset);
    put_u32(&out[9], m->size);
    return 13u;
}

size_t pack_refused(const message_refused *m, uint8_t *out)
{
    put_u8(out, MESSAGE_REFUSED);
    put_u8(&out[1], m->tag);
    put_u8(&out[2], m->refusal);
    put_u8(&out[3], m->message);
    return 4u;
}

size_t pack_button(const message_button *m, uint8_t *out)
{
    put_u8(out, MESSAGE_BUTTON);
    put_u8(&out[1], m->button);
    put_u8(&out[2], m->pressed);
    put_u32(&out[3], m->device_us);
    return 7u;
}

size_t pack_fault_report(const message_fault_report *m, uint8_t *out)
{
    put_u8(out, MESSAGE_FAULT_REPORT);
    put_u8(&out[1], m->fault);
    put_i32(&out[2], m->detail);
    put_u32(&out[6], m->device_us);
    return 10u;
}

size_t pack_transmit_state(const message_transmit_state *m, uint8_t *out)
{
    put_u8(out, MESSAGE_TRANSMIT_STATE);
    put_u8(&out[1], m->flags);
    put_u8(&out[2], m->off);
    put_u32(&out[3], m->device_us);
    return 7u;
}

size_t pack_device_heartbeat(const message_device_heartbeat *m, uint8_t *out)
{
    put_u8(out, MESSAGE_DEVICE_HEARTBEAT);
    put_u8(&out[1], m->flags);
    put_u8(&out[2], m->off);
    put_u8(&out[3], m->fault);
    put_u32(&out[4], m->epoch);
    put_u32(&out[8], m->device_us);
    return 12u;
}

size_t pack_clock_reply(const message_clock_reply *m, uint8_t *out)
{
    put_u8(out, MESSAGE_CLOCK_REPLY);
    put_u16(&out[1], m->query);
    put_u32(&out[3], m->received_us);
    put_u32(&out[7], m->sent_us);
    return 11u;
}

size_t pack_exposure(const message_exposure *m, uint8_t *out)
{
    put_u8(out, MESSAGE_EXPOSURE);
    put_u32(&out[1], m->frame);
    put_u32(&out[5], m->device_us);
    put_u32(&out[9], m->epoch);
    put_u8(&out[13], m->flags);
    return 14u;
}

size_t pack_telemetry(const message_telemetry *m, uint8_t *out)
{
    put_u8(out, MESSAGE_TELEMETRY);
    put_u32(&out[1], m->device_us);
    put_u8(&out[5], m->battery_percent);
    put_i16(&out[6], m->probe_temperature_dc);
    put_i16(&out[8], m->board_temperature_dc);
    put_u16(&out[10], m->mi_milli);
    put_u16(&out[12], m->tis_milli);
    put_u16(&out[14], m->tib_milli);
    put_u16(&out[16], m->ispta_mw_cm2);
    put_u32(&out[18], m->damaged);
    put_u32(&out[22], m->retransmitted);
    put_u32(&out[26], m->plain_dropped);
    return 30u;
}

size_t pack_imu(const message_imu *m, uint8_t *out)
{
    put_u8(out, MESSAGE_IMU);
    put_u32(&out[1], m->device_us);
    put_i16(&out[5], m->acceleration_mg[0]);
    put_i16(&out[7], m->acceleration_mg[1]);
    put_i16(&out[9], m->acceleration_mg[2]);
    put_i16(&out[11], m->rate_ddps[0]);
    put_i16(&out[13], m->rate_ddps[1]);
    put_i16(&out[15], m->rate_ddps[2]);
    return 17u;
}

size_t pack_log_line(const message_log_line *m, uint8_t *out)
{
    put_u8(out, MESSAGE_LOG_LINE);
    put_u8(&out[1], m->level);
    put_u32(&out[2], m->device_us);
    if (m->line_size > 0u) {
        (void)memcpy(&out[6], m->line, m->line_size);
    }
    return 6u + m->line_size;
}
