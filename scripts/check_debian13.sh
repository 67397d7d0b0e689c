#!/usr/bin/env bash
# Tries HEAD on Debian 13 as a new user of it would: a fresh system in a folder, a clone, `make demo`, `make test`. Prints what each took and
# how many tests passed and were skipped. By hand and before a release, as root; needs debootstrap, 4 GB and about half an hour.
#   scripts/check_debian13.sh [FOLDER]     FOLDER keeps the system for the next time; without it a temporary one is used and removed
# Packages come from the Debian mirror, and through the proxy, that this machine's apt is set up with.
set -euo pipefail
fail() { echo "check_debian13: $1" >&2; exit 1; }
[ $# -le 1 ] && [[ "${1:-}" != -* ]] || { sed -n '2,5s/^# *//p' "$0"; exit 2; }
[ "$(id -u)" -eq 0 ] || fail "a system is set up by root alone; run it with sudo"
command -v debootstrap >/dev/null || fail "there is no debootstrap; install it with: apt-get install debootstrap"

# All mounts are made in a namespace of its own: they and every process end with it, however that comes.
if [ -z "${CHECK_DEBIAN13_ROOT:-}" ]; then
  if [ $# -eq 1 ]; then
    mkdir -p "$1"
    root=$(realpath "$1")
  else
    root=$(mktemp -d)
    trap 'rm -rf --one-file-system "$root"' EXIT
  fi
  CHECK_DEBIAN13_ROOT=$root unshare --mount --pid --fork --kill-child "$0"
  exit
fi

root=$CHECK_DEBIAN13_ROOT
checkout=$(git -C "$(dirname "$0")/.." rev-parse --show-toplevel)

if [ ! -e "$root/complete" ]; then
  mirror=$(apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" "Label: Debian" 2>/dev/null | head -n 1) || true
  mirror=${mirror:-http://deb.debian.org/debian}
  echo "Setting up Debian 13 from $mirror"
  said=$(debootstrap --variant=minbase --include=ca-certificates,git,make trixie "$root" "$mirror" 2>&1) ||
    { tail -n 5 <<<"$said" >&2; fail "debootstrap failed; $root/debootstrap/debootstrap.log may say more"; }
  apt-config dump | grep -iE '^Acquire::((https?|ftp)::|Check-|Retries)' >"$root/etc/apt/apt.conf.d/00host" || true
  touch "$root/complete"
fi
for file in /etc/resolv.conf /etc/hosts; do cp -L "$file" "$root$file"; done
if [ -d /usr/local/share/ca-certificates ]; then
  cp -a /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
  chroot "$root" update-ca-certificates >/dev/null 2>&1
fi
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"

rm -rf "$root/root/biossl"
git -c safe.directory='*' clone -q "$checkout" "$root/root/biossl"

inside() {
  local proxies
  mapfile -t proxies < <(env | grep -iE '^(https?|ftp|no)_proxy=')
  chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "${proxies[@]}" "$@"
}
# A command of the README's, its output in a file: prints how long it took.
try() {
  local log=$root/root/$1.log start=$SECONDS
  inside make -C /root/biossl "$1" >"$log" 2>&1 || { tail -n 40 "$log" >&2; fail "make $1 failed"; }
  echo "make $1: $(((SECONDS - start) / 60)) min $(((SECONDS - start) % 60)) s"
}
count() { awk -v what="$1" '$1 == "[" && $2 == what && $5 ~ /^tests?[.,]$/ {sum += $4} END {print sum + 0}' "$tests"; }

echo "$(git -C "$root/root/biossl" describe --always) on $(nproc) processors"
try demo
inside /root/biossl/build/release/biossl --version
inside g++ --version | head -n 1
try test
tests=$root/root/biossl/build/release/Testing/Temporary/LastTest.log
echo "tests passed: $(count PASSED), skipped: $(count SKIPPED)"
