/* Made from messages.toml by `python -m tools.wire`; edit that, not this. */

#ifndef MESSAGES_H
#define MESSAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROTOCOL_VERSION 2u
#define LAYOUT_DIGEST { 0xb8u, 0xfbu, 0xa4u, 0x50u, 0x93u, 0x45u, 0xc0u, 0x57u }
#define WINDOW_FRAMES 16u
#define OUTBOX_BYTES 4096u
#define HELLO_RETRY_US 200000u
#define RESET_PAUSE_US 100000u
#define RTO_INITIAL_US 250000u
#define RTO_MIN_US 50000u
#define RTO_MAX_US 1000000u
#define RTO_HEARD_MAX_US 200000u
#define RTO_GRANULARITY_US 1000u
#define HEARTBEAT_PERIOD_US 100000u
#define HEARTBEAT_TIMEOUT_US 500000u
#define TELEMETRY_PERIOD_US 100000u
#define STORM_WINDOW_US 1000000u
#define STORM_DAMAGED_FRAMES 64u
#define BATTERY_LOW_PERCENT 5u
#define BATTERY_READY_PERCENT 8u
#define PROBE_HOT_DC 430u
#define PROBE_COOL_DC 410u
#define PROBE_FAULT_DC 500u
#define BOARD_HOT_DC 700u
#define BOARD_COOL_DC 650u
#define BOARD_FAULT_DC 850u
#define MAX_PAIRS 17u
#define HARDWARE_ID 1397706289u
#define MODEL "sonoedge reference probe"
#define MI_LIMIT_MILLI 1900u
#define ISPTA_LIMIT_MW_CM2 720u
#define PRESSURE_KPA 5500u
#define SOURCE_POWER_UW 20000u
#define TABLE_DB 80u
#define N_PARAMETERS 17u
#define N_PRESETS 4u

/* Why a request was not done; nothing was changed. */
#define REFUSAL_NONE 0u
#define REFUSAL_UNKNOWN_MESSAGE 1u
#define REFUSAL_MALFORMED 2u
#define REFUSAL_UNKNOWN_PARAMETER 3u
#define REFUSAL_OUT_OF_RANGE 4u
#define REFUSAL_OFF_STEP 5u
#define REFUSAL_UNKNOWN_PRESET 6u
#define REFUSAL_MI_TOO_HIGH 7u
#define REFUSAL_ISPTA_TOO_HIGH 8u
#define REFUSAL_TI_TOO_HIGH 9u
#define REFUSAL_FROZEN 10u
#define REFUSAL_FAULT_LATCHED 11u
#define REFUSAL_NO_HEARTBEAT 12u
#define REFUSAL_TOO_HOT 13u
#define REFUSAL_BATTERY_LOW 14u
#define REFUSAL_NOISY_LINE 15u
#define REFUSAL_NOT_IMAGING 16u
#define REFUSAL_IMAGING_ON 17u
#define REFUSAL_NO_UPDATE 18u
#define REFUSAL_BAD_SIZE 19u
#define REFUSAL_BAD_OFFSET 20u
#define REFUSAL_FLASH_FAILED 21u
#define REFUSAL_IMAGE_DAMAGED 22u
#define REFUSAL_WRONG_HARDWARE 23u
#define REFUSAL_TOO_OLD 24u
#define REFUSAL_NOTHING_PENDING 25u
#define REFUSAL_REPEATED_PARAMETER 26u

/* Why the probe does not transmit: the first reason since it was armed; frozen: until the freeze ends. */
#define TRANSMIT_OFF_NONE 0u
#define TRANSMIT_OFF_NOT_ARMED 1u
#define TRANSMIT_OFF_DISARMED 2u
#define TRANSMIT_OFF_HEARTBEAT_LOST 3u
#define TRANSMIT_OFF_FROZEN 4u
#define TRANSMIT_OFF_TOO_HOT 5u
#define TRANSMIT_OFF_NOISY_LINE 6u
#define TRANSMIT_OFF_BATTERY_LOW 7u
#define TRANSMIT_OFF_FAULT 8u
#define TRANSMIT_OFF_NEW_SESSION 9u
#define TRANSMIT_OFF_STOPPED 10u

/* The first fault latches until it is cleared. */
#define FAULT_CODE_NONE 0u
#define FAULT_CODE_FRONT_END 1u
#define FAULT_CODE_OVER_TEMPERATURE 2u
#define FAULT_CODE_WATCHDOG 3u
#define FAULT_CODE_SELF_TEST 4u
#define FAULT_CODE_FLASH 5u

/* Unit of a parameter. */
#define UNIT_NONE 0u
#define UNIT_MM 1u
#define UNIT_MHZ 2u
#define UNIT_DB 3u
#define UNIT_HZ 4u

/* What the imaging message asks for. */
#define ACTION_STOP 0u
#define ACTION_START 1u
#define ACTION_FREEZE 2u
#define ACTION_UNFREEZE 3u
#define ACTION_ARM 4u
#define ACTION_DISARM 5u

/* Why the device started. */
#define BOOT_REASON_POWER 0u
#define BOOT_REASON_REQUEST 1u
#define BOOT_REASON_WATCHDOG 2u
#define BOOT_REASON_UPDATE 3u

/* Where a firmware update stands. */
#define UPDATE_STATE_IDLE 0u
#define UPDATE_STATE_RECEIVING 1u
#define UPDATE_STATE_PENDING 2u
#define UPDATE_STATE_TRYING 3u

/* Of a log line. */
#define LOG_LEVEL_INFO 0u
#define LOG_LEVEL_WARNING 1u
#define LOG_LEVEL_ERROR 2u

/* What the bench does to a simulated probe, over its side channel. */
#define STIMULUS_PRESS_BUTTON 0u
#define STIMULUS_RELEASE_BUTTON 1u
#define STIMULUS_PROBE_TEMPERATURE_DC 2u
#define STIMULUS_BOARD_TEMPERATURE_DC 3u
#define STIMULUS_BATTERY_PERCENT 4u
#define STIMULUS_IMU_AX 5u
#define STIMULUS_IMU_AY 6u
#define STIMULUS_IMU_AZ 7u
#define STIMULUS_IMU_GX 8u
#define STIMULUS_IMU_GY 9u
#define STIMULUS_IMU_GZ 10u
#define STIMULUS_FRONT_END_FAULT 11u
#define STIMULUS_HANG 12u
#define STIMULUS_CUT_FLASH_AFTER 13u
#define STIMULUS_SELF_TEST_FAILS 14u
#define STIMULUS_RESET 15u

/* Bits of an exposure's and a heartbeat's flags. */
#define EXPOSURE_FLAG_TRANSMITTING 1u
#define EXPOSURE_FLAG_FROZEN 2u
#define EXPOSURE_FLAG_IMAGING 4u
#define EXPOSURE_FLAG_ARMED 8u

/* Numbers of the parameters. */
#define PARAMETER_DEPTH 0u
#define PARAMETER_FREQUENCY 1u
#define PARAMETER_GAIN 2u
#define PARAMETER_TGC_1 3u
#define PARAMETER_TGC_2 4u
#define PARAMETER_TGC_3 5u
#define PARAMETER_TGC_4 6u
#define PARAMETER_TGC_5 7u
#define PARAMETER_TGC_6 8u
#define PARAMETER_TGC_7 9u
#define PARAMETER_TGC_8 10u
#define PARAMETER_FOCUS 11u
#define PARAMETER_DYNAMIC_RANGE 12u
#define PARAMETER_FRAME_RATE 13u
#define PARAMETER_TRANSMIT_POWER 14u
#define PARAMETER_PRESET 15u
#define PARAMETER_IMU_RATE 16u

/* A parameter in raw units, which are 10^-decimals of the unit. */
typedef struct {
    const char *name;
    uint8_t unit;
    uint8_t decimals;
    int32_t minimum;
    int32_t maximum;
    int32_t step;
    int32_t initial;
} parameter_row;

typedef struct {
    const char *name;
    uint16_t mi_cap_milli;
    uint16_t ispta_cap_mw_cm2;
    uint16_t ti_cap_milli;
    int32_t values[N_PARAMETERS];
} preset_row;

extern const parameter_row PARAMETER_ROWS[N_PARAMETERS];
extern const preset_row PRESET_ROWS[N_PRESETS];
/* 10^(-n/20) in 1/65536, n in decibels from 0. */
extern const uint32_t PRESSURE_FACTORS[TABLE_DB + 1u];

#define MESSAGE_IDENTIFY 0x01u
typedef struct {
    uint8_t tag;
} message_identify;

#define MESSAGE_DESCRIBE_PARAMETER 0x02u
typedef struct {
    uint8_t tag;
    uint8_t index;
} message_describe_parameter;

#define MESSAGE_DESCRIBE_PRESET 0x03u
typedef struct {
    uint8_t tag;
    uint8_t index;
} message_describe_preset;

#define MESSAGE_GET_PARAMETER 0x04u
typedef struct {
    uint8_t tag;
    uint8_t parameter;
} message_get_parameter;

/* All or nothing. `pairs`: 1 to max_pairs of (parameter u8, value i32); a preset must come first. */
#define MESSAGE_SET_PARAMETERS 0x05u
typedef struct {
    uint8_t tag;
    const uint8_t *pairs;
    size_t pairs_size;
} message_set_parameters;

#define MESSAGE_REPORT_PARAMETERS 0x06u
typedef struct {
    uint8_t tag;
} message_report_parameters;

#define MESSAGE_IMAGING 0x07u
typedef struct {
    uint8_t tag;
    uint8_t action;
} message_imaging;

#define MESSAGE_CLEAR_FAULT 0x08u
typedef struct {
    uint8_t tag;
} message_clear_fault;

#define MESSAGE_SELF_TEST 0x09u
typedef struct {
    uint8_t tag;
} message_self_test;

#define MESSAGE_ASK_LINK_STATISTICS 0x0au
typedef struct {
    uint8_t tag;
} message_ask_link_statistics;

#define MESSAGE_ECHO 0x0bu
typedef struct {
    uint8_t tag;
    const uint8_t *data;
    size_t data_size;
} message_echo;

/* `digest`: SHA-256 of the whole image file; the same again resumes. */
#define MESSAGE_UPDATE_BEGIN 0x0cu
typedef struct {
    uint8_t tag;
    uint32_t size;
    uint8_t digest[32];
} message_update_begin;

#define MESSAGE_UPDATE_DATA 0x0du
typedef struct {
    uint8_t tag;
    uint32_t offset;
    const uint8_t *data;
    size_t data_size;
} message_update_data;

#define MESSAGE_UPDATE_FINISH 0x0eu
typedef struct {
    uint8_t tag;
} message_update_finish;

#define MESSAGE_UPDATE_CONFIRM 0x0fu
typedef struct {
    uint8_t tag;
} message_update_confirm;

#define MESSAGE_ASK_UPDATE 0x10u
typedef struct {
    uint8_t tag;
} message_ask_update;

#define MESSAGE_REBOOT 0x11u
typedef struct {
    uint8_t tag;
} message_reboot;

#define MESSAGE_HOST_HEARTBEAT 0x20u
typedef struct {
    uint8_t counter;
} message_host_heartbeat;

#define MESSAGE_CLOCK_QUERY 0x21u
typedef struct {
    uint16_t query;
} message_clock_query;

/* Only on the side channel of a simulated probe. */
#define MESSAGE_STIMULATE 0x30u
typedef struct {
    uint8_t stimulus;
    int32_t value;
} message_stimulate;

/* `version`: major, minor, revision (low byte, high byte) of the running image. */
#define MESSAGE_IDENTITY 0x81u
typedef struct {
    uint8_t tag;
    uint32_t hardware_id;
    uint8_t version[4];
    uint32_t build;
    uint32_t boot_id;
    uint8_t boot_reason;
    uint8_t bank;
    uint8_t confirmed;
    uint8_t n_parameters;
    uint8_t n_presets;
    uint32_t serial_number;
    const uint8_t *model;
    size_t model_size;
} message_identity;

#define MESSAGE_PARAMETER_INFO 0x82u
typedef struct {
    uint8_t tag;
    uint8_t parameter;
    uint8_t unit;
    uint8_t decimals;
    int32_t minimum;
    int32_t maximum;
    int32_t step;
    int32_t initial;
    int32_t value;
    const uint8_t *label;
    size_t label_size;
} message_parameter_info;

#define MESSAGE_PRESET_INFO 0x83u
typedef struct {
    uint8_t tag;
    uint8_t preset;
    uint16_t mi_cap_milli;
    uint16_t ispta_cap_mw_cm2;
    uint16_t ti_cap_milli;
    const uint8_t *label;
    size_t label_size;
} message_preset_info;

#define MESSAGE_PARAMETER_VALUE 0x84u
typedef struct {
    uint8_t tag;
    uint8_t refusal;
    uint8_t parameter;
    int32_t value;
    uint32_t epoch;
} message_parameter_value;

/* Refused: `parameter` and `asked` say which; `low` to `high` is what is allowed, in its raw unit or that of the limit. */
#define MESSAGE_SET_RESULT 0x85u
typedef struct {
    uint8_t tag;
    uint8_t refusal;
    uint8_t parameter;
    int32_t asked;
    int32_t low;
    int32_t high;
    uint32_t epoch;
} message_set_result;

/* All values, after each change (tag 0) and on request. They hold for exposures of this epoch. */
#define MESSAGE_PARAMETERS 0x86u
typedef struct {
    uint8_t tag;
    uint32_t epoch;
    uint32_t since_us;
    int32_t values[17];
} message_parameters;

#define MESSAGE_DONE 0x87u
typedef struct {
    uint8_t tag;
    uint8_t refusal;
} message_done;

/* Bits: 0 memory, 1 flash, 2 front end, 3 limits, 4 sensors. */
#define MESSAGE_SELF_TEST_RESULT 0x88u
typedef struct {
    uint8_t tag;
    uint8_t run;
    uint8_t failed;
} message_self_test_result;

#define MESSAGE_LINK_STATISTICS 0x89u
typedef struct {
    uint8_t tag;
    uint32_t good;
    uint32_t damaged;
    uint32_t malformed;
    uint32_t stale;
    uint32_t duplicate;
    uint32_t delivered;
    uint32_t sent;
    uint32_t retransmitted;
    uint32_t timeouts;
    uint32_t naks_sent;
    uint32_t naks_received;
    uint32_t plain_sent;
    uint32_t plain_received;
    uint32_t plain_lost;
    uint32_t plain_dropped;
    uint32_t srtt_us;
    uint32_t rto_us;
} message_link_statistics;

#define MESSAGE_ECHOED 0x8au
typedef struct {
    uint8_t tag;
    const uint8_t *data;
    size_t data_size;
} message_echoed;

#define MESSAGE_UPDATE_STATUS 0x8bu
typedef struct {
    uint8_t tag;
    uint8_t refusal;
    uint8_t state;
    uint8_t bank;
    uint32_t offset;
    uint32_t size;
} message_update_status;

/* A message that the device does not know or whose fields do not fit. */
#define MESSAGE_REFUSED 0x8cu
typedef struct {
    uint8_t tag;
    uint8_t refusal;
    uint8_t message;
} message_refused;

#define MESSAGE_BUTTON 0x90u
typedef struct {
    uint8_t button;
    uint8_t pressed;
    uint32_t device_us;
} message_button;

#define MESSAGE_FAULT_REPORT 0x91u
typedef struct {
    uint8_t fault;
    int32_t detail;
    uint32_t device_us;
} message_fault_report;

/* After each change. `flags` as in ExposureFlag. */
#define MESSAGE_TRANSMIT_STATE 0x92u
typedef struct {
    uint8_t flags;
    uint8_t off;
    uint32_t device_us;
} message_transmit_state;

#define MESSAGE_DEVICE_HEARTBEAT 0xa0u
typedef struct {
    uint8_t flags;
    uint8_t off;
    uint8_t fault;
    uint32_t epoch;
    uint32_t device_us;
} message_device_heartbeat;

#define MESSAGE_CLOCK_REPLY 0xa1u
typedef struct {
    uint16_t query;
    uint32_t received_us;
    uint32_t sent_us;
} message_clock_reply;

#define MESSAGE_EXPOSURE 0xa2u
typedef struct {
    uint32_t frame;
    uint32_t device_us;
    uint32_t epoch;
    uint8_t flags;
} message_exposure;

#define MESSAGE_TELEMETRY 0xa3u
typedef struct {
    uint32_t device_us;
    uint8_t battery_percent;
    int16_t probe_temperature_dc;
    int16_t board_temperature_dc;
    uint16_t mi_milli;
    uint16_t tis_milli;
    uint16_t tib_milli;
    uint16_t ispta_mw_cm2;
    uint32_t damaged;
    uint32_t retransmitted;
    uint32_t plain_dropped;
} message_telemetry;

/* Acceleration in mg, turning rate in 0.1 deg/s. */
#define MESSAGE_IMU 0xa4u
typedef struct {
    uint32_t device_us;
    int16_t acceleration_mg[3];
    int16_t rate_ddps[3];
} message_imu;

#define MESSAGE_LOG_LINE 0xa5u
typedef struct {
    uint8_t level;
    uint32_t device_us;
    const uint8_t *line;
    size_t line_size;
} message_log_line;

bool unpack_identify(message_identify *m, const uint8_t *in, size_t size);
bool unpack_describe_parameter(message_describe_parameter *m, const uint8_t *in, size_t size);
bool unpack_describe_preset(message_describe_preset *m, const uint8_t *in, size_t size);
bool unpack_get_parameter(message_get_parameter *m, const uint8_t *in, size_t size);
bool unpack_set_parameters(message_set_parameters *m, const uint8_t *in, size_t size);
bool unpack_report_parameters(message_report_parameters *m, const uint8_t *in, size_t size);
bool unpack_imaging(message_imaging *m, const uint8_t *in, size_t size);
bool unpack_clear_fault(message_clear_fault *m, const uint8_t *in, size_t size);
bool unpack_self_test(message_self_test *m, const uint8_t *in, size_t size);
bool unpack_ask_link_statistics(message_ask_link_statistics *m, const uint8_t *in, size_t size);
bool unpack_echo(message_echo *m, const uint8_t *in, size_t size);
bool unpack_update_begin(message_update_begin *m, const uint8_t *in, size_t size);
bool unpack_update_data(message_update_data *m, const uint8_t *in, size_t size);
bool unpack_update_finish(message_update_finish *m, const uint8_t *in, size_t size);
bool unpack_update_confirm(message_update_confirm *m, const uint8_t *in, size_t size);
bool unpack_ask_update(message_ask_update *m, const uint8_t *in, size_t size);
bool unpack_reboot(message_reboot *m, const uint8_t *in, size_t size);
bool unpack_host_heartbeat(message_host_heartbeat *m, const uint8_t *in, size_t size);
bool unpack_clock_query(message_clock_query *m, const uint8_t *in, size_t size);
bool unpack_stimulate(message_stimulate *m, const uint8_t *in, size_t size);
size_t pack_identity(const message_identity *m, uint8_t *out);
size_t pack_parameter_info(const message_parameter_info *m, uint8_t *out);
size_t pack_preset_info(const message_preset_info *m, uint8_t *out);
size_t pack_parameter_value(const message_parameter_value *m, uint8_t *out);
size_t pack_set_result(const message_set_result *m, uint8_t *out);
size_t pack_parameters(const message_parameters *m, uint8_t *out);
size_t pack_done(const message_done *m, uint8_t *out);
size_t pack_self_test_result(const message_self_test_result *m, uint8_t *out);
size_t pack_link_statistics(const message_link_statistics *m, uint8_t *out);
size_t pack_echoed(const message_echoed *m, uint8_t *out);
size_t pack_update_status(const message_update_status *m, uint8_t *out);
size_t pack_refused(const message_refused *m, uint8_t *out);
size_t pack_button(const message_button *m, uint8_t *out);
size_t pack_fault_report(const message_fault_report *m, uint8_t *out);
size_t pack_transmit_state(const message_transmit_state *m, uint8_t *out);
size_t pack_device_heartbeat(const message_device_heartbeat *m, uint8_t *out);
size_t pack_clock_reply(const message_clock_reply *m, uint8_t *out);
size_t pack_exposure(const message_exposure *m, uint8_t *out);
size_t pack_telemetry(const message_telemetry *m, uint8_t *out);
size_t pack_imu(const message_imu *m, uint8_t *out);
size_t pack_log_line(const message_log_line *m, uint8_t *out);

#endif
