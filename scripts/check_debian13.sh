#!/usr/bin/env bash
# Tries HEAD on Debian 13 as a new user of it would: a fresh system in a folder, a clone, `make demo`, `make test`.
# Prints what each took and how many tests passed and were skipped. By hand and before a release, as root; needs
# debootstrap, 4 GB and about half an hour.
#   scripts/check_debian13.sh [FOLDER]     FOLDER keeps the system for the next time; without it a temporary one is used and removed
set -euo pipefail
. "$(dirname "$0")/fresh_debian.sh"
[ $# -le 1 ] && [[ "${1:-}" != -* ]] || { sed -n '2,4s/^# *//p' "$0"; exit 2; }
enter_namespace "${1:-}"
set_up "$root" trixie ca-certificates,git,make
connect "$root"
clone_into "$root"

# A command of the README's, its output in a file: prints how long it took.
try() {
  local log=$root/root/$1.log start=$SECONDS
  inside "$root" make -C /root/biossl "$1" >"$log" 2>&1 || { tail -n 40 "$log" >&2; fail "make $1 failed"; }
  echo "make $1: $(((SECONDS - start) / 60)) min $(((SECONDS - start) % 60)) s"
}
count() { awk -v what="$1" '$1 == "[" && $2 == what && $5 ~ /^tests?[.,]$/ {sum += $4} END {print sum + 0}' "$tests"; }

echo "$(git -C "$root/root/biossl" describe --always) on $(nproc) processors"
try demo
inside "$root" /root/biossl/build/release/biossl --version
inside "$root" g++ --version | head -n 1
try test
tests=$root/root/biossl/build/release/Testing/Temporary/LastTest.log
echo "tests passed: $(count PASSED), skipped: $(count SKIPPED)"
