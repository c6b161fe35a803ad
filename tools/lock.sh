#!/usr/bin/env bash
# Pin every package by hash, for all systems: constraints.txt with the tools, constraints-run.txt the product alone.
set -euo pipefail
cd "$(dirname "$0")/.."

[ -x build/lock/bin/uv ] || {
  "${PYTHON:-python3}" -m venv build/lock
  build/lock/bin/python -m pip install --quiet --no-cache-dir uv
}
compile() {
  build/lock/bin/uv --no-cache pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-annotate --custom-compile-command "make lock" "$@"
}
compile --upgrade --all-extras pyproject.toml tools/build.in -o constraints.txt
compile --constraints constraints.txt pyproject.toml tools/build.in -o constraints-run.txt
