#!/usr/bin/env bash
# Install the system programs that some tests need. Where that is not allowed those tests skip, and this says how.
# Usage: system.sh [PROGRAM ...]; without a name, all.
set -euo pipefail

declare -A packages=(
    [gcc]="gcc libc6-dev"
    [make]=make
    [clang]="clang libclang-rt-dev"
    [arm-none-eabi-gcc]="gcc-arm-none-eabi libnewlib-arm-none-eabi"
    [qemu-system-arm]=qemu-system-arm
    [qemu-aarch64-static]=qemu-user-static
)
[ "$#" != 0 ] || set -- "${!packages[@]}"
missing=()
for program in "$@"; do
    command -v "$program" >/dev/null || missing+=("${packages[$program]}")
done
[ "${#missing[@]}" = 0 ] && exit 0

command="apt-get install --yes --no-install-recommends"
root=()
[ "$(id -u)" = 0 ] || root=(sudo -n)
if command -v apt-get >/dev/null && "${root[@]}" true 2>/dev/null; then
    echo "Installing ${missing[*]}"
    apt=("${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 --quiet=2)
    "${apt[@]}" update || true
    wanted=("${missing[@]}")
    missing=()
    for some in "${wanted[@]}"; do # each alone: what one release lacks must not keep the others away
        read -ra names <<<"$some"
        "${apt[@]}" install --yes --no-install-recommends "${names[@]}" >/dev/null || missing+=("$some")
    done
    [ "${#missing[@]}" = 0 ] && exit 0
fi
echo "Some tests will skip: ${missing[*]} could not be installed. To run them too: sudo $command ${missing[*]}"
