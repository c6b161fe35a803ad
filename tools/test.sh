#!/usr/bin/env bash
# Run the tests on two processes. Temporary files get a short path (Unix sockets allow 107 bytes) that is removed
# at the end, and programs that keep caches in the home folder are given one there.
set -euo pipefail
cd "$(dirname "$0")/.."

TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/rw.XXXXXX")
trap 'rm -rf "$TMPDIR"' EXIT
chmod 755 "$TMPDIR"
export TMPDIR XDG_CACHE_HOME=$TMPDIR/cache XDG_CONFIG_HOME=$TMPDIR/config XDG_DATA_HOME=$TMPDIR/data
pytest() { .venv/bin/python -m pytest -n 2 --dist worksteal "$@"; }

if [ $# -gt 0 ]; then
  pytest "$@"
  exit
fi
# Browser tests have a run of their own: Playwright keeps an event loop running in its process, in which tests of
# the HTTP doors could start none.
status=0
pytest tests/browser || status=$?
pytest tests --ignore=tests/browser || status=$?
exit "$status"
