#!/usr/bin/env bash
# Configures build/PRESET where that is still to do, or its presets have changed, or options are given. What goes wrong
# is told in a few lines.
#   scripts/configure.sh PRESET [-DOPTION=VALUE ...]
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
build=build/$preset
log=$build/configure.log
mebibytes=1500  # that a build takes at most, with sanitizers

stop() {
  echo "configure: $*" >&2
  exit 1
}

require_cmake() {
  local version
  version=$(cmake --version 2>/dev/null | sed -n '1s/^cmake version //p') || true
  [ -n "$version" ] || stop "there is no cmake; biossl needs $(scripts/setup.sh --needs)"
  [ "$(printf '%s\n' 3.25 "$version" | sort -V | head -n 1)" = 3.25 ] ||
    stop "CMake $version is too old: biossl needs 3.25 or newer; \`pip install cmake\` brings one"
}

require_room() {
  local free
  free=$(df -Pm . | awk 'NR == 2 {print $4}') || return 0
  [ "$free" -ge $mebibytes ] || stop "$free MiB are free in $PWD, and a build can take $mebibytes: make room"
}

# The first error in CMake's words, without what follows from it.
first_error() {
  awk '/^CMake Error/ {found = 1} found && /^(Call Stack|--|CMake Error)/ && shown {exit} found && NF {print; shown = 1}' "$log" | head -n 12
}

if [ $# -eq 0 ] && [ "$build/build.ninja" -nt CMakePresets.json ]; then exit; fi
require_cmake
require_room
mkdir -p "$build"
cmake --preset "$preset" "$@" >"$log" 2>&1 && exit
first_error >&2
command -v apt-get >/dev/null || echo "configure: biossl needs $(scripts/setup.sh --needs)" >&2
stop "CMake failed; all that it wrote is in $log"
