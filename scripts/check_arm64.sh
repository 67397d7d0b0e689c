#!/usr/bin/env bash
# Tries HEAD for arm64: compiles it with Debian 12's cross compiler, in a fresh system in a folder, and runs the tests
# labelled quick there, under user-mode emulation. By hand, as root, on x86-64; needs debootstrap, 4 GB and, on two
# cores, about half an hour.
#   scripts/check_arm64.sh [FOLDER]     FOLDER keeps the system for the next time; without it a temporary one is used and removed
# CMAKE_BUILD_PARALLEL_LEVEL limits the number of compilers.
set -euo pipefail
. "$(dirname "$0")/fresh_debian.sh"
[ $# -le 1 ] && [[ "${1:-}" != -* ]] || { sed -n '2,5s/^# *//p' "$0"; exit 2; }
enter_namespace "${1:-}"
set_up "$root" bookworm ca-certificates,git
connect "$root"
clone_into "$root"

# A command in the clone, its output in a file.
try() {
  local name=$1 log=$root/root/$1.log start=$SECONDS
  shift
  inside "$root" env ${CMAKE_BUILD_PARALLEL_LEVEL:+CMAKE_BUILD_PARALLEL_LEVEL=$CMAKE_BUILD_PARALLEL_LEVEL} \
    sh -ec 'cd /root/biossl; exec "$@"' sh "$@" >"$log" 2>&1 || { tail -n 30 "$log" | cut -c1-300 >&2; fail "$name failed; see $log"; }
  echo "$name: $((SECONDS - start)) s"
}
try setup scripts/setup.sh --arm64
try configure scripts/configure.sh arm64
try build cmake --build build/arm64
inside "$root" qemu-aarch64-static /root/biossl/build/arm64/biossl --version
try test ctest --test-dir build/arm64 --output-on-failure -L quick
grep 'tests passed' "$root/root/test.log"
