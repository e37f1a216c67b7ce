#!/usr/bin/env bash
# The models and the program on emulated ARM64 boards, with the Python of `make`. Arguments go to tools/arm/__main__.py.
set -euo pipefail
cd "$(dirname "$0")/../.."
exec "${PYTHON:-.venv/bin/python}" -m tools.arm "$@"
