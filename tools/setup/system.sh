#!/usr/bin/env bash
# Install the system programs that some tests need. Where that is not allowed those tests skip, and this says how.
set -euo pipefail

declare -A packages=([gcc]="gcc libc6-dev" [clang]="clang libclang-rt-dev" [qemu-aarch64-static]=qemu-user-static)
missing=()
for program in "${!packages[@]}"; do
    command -v "$program" >/dev/null || missing+=(${packages[$program]})
done
[ "${#missing[@]}" = 0 ] && exit 0

command="apt-get install --no-install-recommends ${missing[*]}"
root=()
[ "$(id -u)" = 0 ] || root=(sudo -n)
if command -v apt-get >/dev/null && "${root[@]}" true 2>/dev/null; then
    echo "Installing ${missing[*]}"
    apt=("${root[@]}" apt-get -o DPkg::Lock::Timeout=300 --quiet=2)
    if "${apt[@]}" update && "${apt[@]}" install --yes --no-install-recommends "${missing[@]}" >/dev/null; then
        exit 0
    fi
fi
echo "Some tests will skip: ${missing[*]} could not be installed. To run them too: sudo $command"
