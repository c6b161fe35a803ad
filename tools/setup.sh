#!/usr/bin/env bash
# Make .venv ready: `setup.sh run` for the product alone, `setup.sh dev` with all that the tests need.
# Stamped by content: when nothing changed, it ends at once.
set -euo pipefail
cd "$(dirname "$0")/.."

profile=${1:?say run or dev}
python=${PYTHON:-python3}
case $profile in
  run) lock=constraints-run.txt ;;
  dev) lock=constraints.txt ;;
  *) echo "setup.sh: say run or dev, not $profile." >&2; exit 2 ;;
esac

fail() { echo "setup: $*" >&2; exit 1; }

command -v "$python" >/dev/null || fail "there is no $python; install Python 3.11 or newer."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "$("$python" --version) is too old; install Python 3.11 or newer, or name one: make PYTHON=python3.12 setup."

# The clone's path is in the stamp because a venv holds it in its scripts: a moved clone needs a new one.
stamp() {
  { "$python" -c 'import sys; print(sys.version, sys.base_prefix)'; pwd; cat "$1" pyproject.toml "$0"; } | sha256sum
}
same() { [ -f ".venv/$1.stamp" ] && [ "$(cat ".venv/$1.stamp")" = "$(stamp "$2")" ]; }
if same dev constraints.txt || { [ "$profile" = run ] && same run constraints-run.txt; }; then
  exit 0
fi

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "setup: installing python3-venv"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
  else
    fail "this Python cannot make virtual environments; install them: sudo apt-get install python3-venv"
  fi
fi

echo "setup: installing the locked packages of $lock into .venv"
rm -rf .venv
"$python" -m venv .venv
pip() { .venv/bin/python -m pip install --quiet --no-cache-dir --no-input "$@"; }
pip --require-hashes -r "$lock"
pip --no-deps --no-build-isolation -e .
stamp "$lock" >".venv/$profile.stamp"
