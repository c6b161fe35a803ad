#!/usr/bin/env bash
# Every check that reads the source without running it; all of them run, and any one fails the whole.
set -uo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/.venv/bin:$PATH"

failed=()
run() { echo "check: $*"; "$@" || failed+=("$1 ${2:-}"); }
run ruff format --check --quiet .
run ruff check --quiet .
run mypy --no-error-summary
run lint-imports --cache-dir .import_linter_cache --no-logo
[ ${#failed[@]} -eq 0 ] || { printf 'check: failed: %s\n' "${failed[@]}" >&2; exit 1; }
