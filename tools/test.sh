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
# Two folders have runs of their own. Playwright keeps an event loop running in its process, in which tests of the HTTP
# doors could start none; and tests of the log add tables of their own to the schema, which others check as a whole.
status=0
pytest tests/browser || status=$?
pytest tests/transparency || status=$?
pytest tests --ignore=tests/browser --ignore=tests/transparency || status=$?
exit "$status"
