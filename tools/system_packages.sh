#!/usr/bin/env bash
# See that what tests need from the system is here; install it as root with apt, else say exactly what to install.
# With CI=true a missing package is a failure: the tests with real clients may not be skipped there.
set -euo pipefail

missing=()
command -v chromium >/dev/null || missing+=(chromium)
if ! command -v fc-list >/dev/null || [ -z "$(fc-list :lang=zh)" ]; then missing+=(fonts-noto-cjk); fi
[ -x /usr/bin/swupdate ] || command -v swupdate >/dev/null || missing+=(swupdate)
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "setup: installing ${missing[*]}"
  if apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null; then
    exit 0
  fi
fi

echo "setup: tests of browsers and real clients need: sudo apt-get install ${missing[*]}" >&2
[ "${CI:-}" != true ]
