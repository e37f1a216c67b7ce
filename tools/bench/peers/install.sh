#!/usr/bin/env bash
# Install each peer into an environment of its own, at pinned versions: FOLDER/NAME for each NAME.txt beside this script.
# One that cannot be installed is left out, and FOLDER/NAME.missing says why. Usage: install.sh FOLDER PYTHON
set -euo pipefail

folder=$1 python=$2 here=$(dirname "$0")
mkdir -p "$folder"
for pins in "$here"/*.txt; do
    name=$(basename "$pins" .txt)
    if [ "$folder/$name.stamp" -nt "$pins" ]; then continue; fi
    echo "Installing $name into $folder/$name"
    rm -rf "${folder:?}/$name" "$folder/$name.missing"
    if "$python" -m venv "$folder/$name" &&
        "$folder/$name/bin/python" -m pip install --disable-pip-version-check -qq -r "$pins" 2>"$folder/$name.log"; then
        touch "$folder/$name.stamp"
    else
        { grep -m 1 '^ERROR' "$folder/$name.log" || echo "its environment could not be made"; } >"$folder/$name.missing"
        echo "$name is left out: $(cat "$folder/$name.missing")"
    fi
done
