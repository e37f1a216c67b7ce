#include "limits.h"

/* Every product below stays under 2^59 within the parameters' ranges; the largest is that of the emitted power with
   two pressure factors, 1.2e8 * 2^32. tests/firmware/test_core_limits.py works the bounds out from the tables. */

#define N_LIMITS 5u

static const limits_verdict ALLOWED = {REFUSAL_NONE, 0u, 0, 0, 0};

static uint64_t over(uint64_t numerator, uint64_t denominator) {
    return (numerator + denominator - 1u) / denominator;
}

/* The root of a square below 2^32, rounded down; a bit of it at a time. */
static uint32_t root(uint64_t square) {
    uint64_t found = 0u;
    for (uint64_t bit = 0x8000u; bit > 0u; bit >>= 1) {
        const uint64_t tried = found | bit;
        if ((tried * tried) <= square) {
            found = tried;
        }
    }
    return (uint32_t)found;
}

/* 10^(-attenuation / 20 dB) in 1/65536, never too small: a chord lies above the curve. */
static uint64_t pressure_factor(uint32_t attenuation_mdb) {
    const uint32_t whole = attenuation_mdb / 1000u;
    const uint32_t rest = attenuation_mdb % 1000u;
    const uint32_t above = PRESSURE_FACTORS[whole];
    return above - (((above - PRESSURE_FACTORS[whole + 1u]) * rest) / 1000u);
}

static uint64_t lesser(uint64_t a, uint64_t b) { return (a < b) ? a : b; }

acoustic_output limits_output(const int32_t values[N_PARAMETERS]) {
    const uint32_t f_dmhz = (uint32_t)values[PARAMETER_FREQUENCY];
    const uint32_t z_dmm = (uint32_t)values[PARAMETER_FOCUS];
    const uint32_t rate_hz = (uint32_t)values[PARAMETER_FRAME_RATE];
    const uint32_t power_mdb = 100u * (uint32_t)(-values[PARAMETER_TRANSMIT_POWER]);
    const uint64_t in_source = pressure_factor(power_mdb);
    const uint64_t at_focus = pressure_factor(power_mdb + ((3u * f_dmhz * z_dmm) / 10u));
    const uint64_t p3_kpa = ((PRESSURE_KPA * at_focus) + 65535u) >> 16;
    const uint64_t ispta = over(p3_kpa * p3_kpa * rate_hz * 128u, 3000000u * (uint64_t)f_dmhz);
    const uint64_t emitted = SOURCE_POWER_UW * (uint64_t)rate_hz * 100u;
    const uint64_t w01_uw = over((emitted * in_source * in_source) >> 32, 30u * (uint64_t)f_dmhz);
    const uint64_t w3_uw = over((emitted * at_focus * at_focus) >> 32, 30u * (uint64_t)f_dmhz);
    acoustic_output output;
    output.mi_milli = (uint16_t)(root((p3_kpa * p3_kpa * 10u) / f_dmhz) + 1u);
    output.ispta_mw_cm2 = (uint16_t)ispta;
    output.tis_milli = (uint16_t)over(w01_uw * f_dmhz, 2100u);
    output.tib_milli = (uint16_t)lesser(root((w3_uw * ispta * 2u) / 5u) + 1u, over(w3_uw * 10u, 44u));
    return output;
}

static uint8_t check_value(uint32_t number, int32_t value) {
    const parameter_row *const row = &PARAMETER_ROWS[number];
    if ((value < row->minimum) || (value > row->maximum)) {
        return (number == PARAMETER_PRESET) ? REFUSAL_UNKNOWN_PRESET : REFUSAL_OUT_OF_RANGE;
    }
    return (((value - row->minimum) % row->step) != 0) ? REFUSAL_OFF_STEP : REFUSAL_NONE;
}

static limits_verdict check_output(const int32_t values[N_PARAMETERS]) {
    const acoustic_output output = limits_output(values);
    const preset_row *const preset = &PRESET_ROWS[values[PARAMETER_PRESET]];
    const uint16_t ti_milli = (output.tis_milli > output.tib_milli) ? output.tis_milli : output.tib_milli;
    const limits_verdict limits[N_LIMITS] = {
        {REFUSAL_MI_TOO_HIGH, PARAMETER_TRANSMIT_POWER, output.mi_milli, 0, MI_LIMIT_MILLI},
        {REFUSAL_ISPTA_TOO_HIGH, PARAMETER_TRANSMIT_POWER, output.ispta_mw_cm2, 0, ISPTA_LIMIT_MW_CM2},
        {REFUSAL_MI_TOO_HIGH, PARAMETER_TRANSMIT_POWER, output.mi_milli, 0, preset->mi_cap_milli},
        {REFUSAL_ISPTA_TOO_HIGH, PARAMETER_TRANSMIT_POWER, output.ispta_mw_cm2, 0, preset->ispta_cap_mw_cm2},
        {REFUSAL_TI_TOO_HIGH, PARAMETER_TRANSMIT_POWER, ti_milli, 0, preset->ti_cap_milli}};
    for (uint32_t i = 0u; i < N_LIMITS; i++) {
        if (limits[i].asked > limits[i].high) {
            return limits[i];
        }
    }
    return ALLOWED;
}

limits_verdict limits_check(const int32_t values[N_PARAMETERS]) {
    for (uint32_t number = 0u; number < N_PARAMETERS; number++) {
        const uint8_t refusal = check_value(number, values[number]);
        if (refusal != REFUSAL_NONE) {
            const parameter_row *const row = &PARAMETER_ROWS[number];
            const limits_verdict refused = {refusal, (uint8_t)number, values[number], row->minimum, row->maximum};
            return refused;
        }
    }
    return check_output(values);
}
