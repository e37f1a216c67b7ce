#!/usr/bin/env bash
# Make a virtual environment and install this project into it, editable, at the pinned versions.
# Usage: venv.sh FOLDER CONSTRAINTS PROJECT [more arguments for pip]
set -euo pipefail

folder=$1 pins=$2 project=$3
shift 3

usable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.11 python3.12 python3.13}; do
        if usable "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "No Python 3.11 to 3.13 found (looked for: ${PYTHON:-python3 python3.11 python3.12 python3.13})." >&2
    echo "Install one (Debian: apt-get install python3 python3-venv), or name it: make PYTHON=/path/to/python3.11" >&2
    return 1
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

# Debian ships Python without ensurepip, which is in python3-venv. A pip from elsewhere does as well.
make_venv() {
    local python=$1 package
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv "$folder"
    elif "$python" -c 'import venv' 2>/dev/null && "$python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --without-pip "$folder"
        "$python" -m pip --python "$folder/bin/python" install --quiet -c "$pins" pip
    elif command -v apt-get >/dev/null && as_root true 2>/dev/null; then
        echo "Python's venv module is missing; installing $package"
        as_root apt-get -o DPkg::Lock::Timeout=300 update --quiet=2
        as_root apt-get -o DPkg::Lock::Timeout=300 install --quiet=2 --yes --no-install-recommends "$package" >/dev/null
        "$python" -m venv "$folder"
    else
        echo "$python cannot make virtual environments. Install its venv module, then run make again:" >&2
        echo "    sudo apt-get install $package" >&2
        return 1
    fi
}

if ! usable "$folder/bin/python" || ! "$folder/bin/python" -m pip --version >/dev/null 2>&1; then
    rm -rf "$folder"
    python=$(find_python)
    make_venv "$python"
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_REQUIRE_VIRTUALENV=1
pip=("$folder/bin/python" -m pip install -qq --constraint "$pins")
echo "Installing $project into $folder (a minute or two)"
"${pip[@]}" --upgrade pip setuptools
# With setuptools in place no isolated build is needed: the build uses the pinned version too.
if ! "${pip[@]}" --no-build-isolation --editable "$project" "$@"; then
    echo "The libraries could not be installed. The first set-up needs the network (PyPI) and about 1 GB of disk." >&2
    exit 1
fi
