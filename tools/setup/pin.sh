#!/usr/bin/env bash
# Write the exact versions of an environment to tools/constraints.txt. Usage: pin.sh PYTHON_OF_THE_ENVIRONMENT
set -euo pipefail
cd "$(dirname "$0")/../.."
{
    echo "# The exact versions that make installs, of everything in both environments. Made by tools/setup/pin.sh."
    # A local version (+cpu) names a build that the package index does not have.
    "$1" -m pip freeze --all --exclude-editable | grep -E '^[A-Za-z0-9._-]+==' | sed 's/+.*//' | LC_ALL=C sort -f
} >tools/constraints.txt.new
mv tools/constraints.txt.new tools/constraints.txt
