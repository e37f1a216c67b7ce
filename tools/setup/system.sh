#!/usr/bin/env bash
# Install system programs. Where that is not allowed, what needs them is skipped, and this says how.
# Usage: system.sh [PROGRAM ...]; without a name, all that tests need.
set -euo pipefail

declare -A packages=(
    [gcc]="gcc libc6-dev"
    [make]=make
    [clang]="clang libclang-rt-dev"
    [arm-none-eabi-gcc]="gcc-arm-none-eabi libnewlib-arm-none-eabi"
    [qemu-system-arm]=qemu-system-arm
    [qemu-aarch64-static]=qemu-user-static
    [chromium]="chromium fonts-dejavu-core"
)
[ "$#" != 0 ] || set -- "${!packages[@]}"
# For `make bench`: FAST draws with OpenGL on an X display and computes with OpenCL, here both on the processor.
packages[Xvfb]=xvfb
packages[clinfo]="clinfo pocl-opencl-icd libgl1 libegl1 libopengl0 libgl1-mesa-dri libglx-mesa0 libegl-mesa0 libgomp1"
packages[clinfo]+=" libgstreamer-plugins-base1.0-0 libusb-1.0-0 libxkbcommon-x11-0 libsm6 libdw1 libxcb-image0"
packages[clinfo]+=" libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xkb1"
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
echo "What needs them will be skipped: ${missing[*]} could not be installed. To run it too: sudo $command ${missing[*]}"
