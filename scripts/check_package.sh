#!/usr/bin/env bash
# Tries HEAD's Debian package: builds it in one fresh system, installs it in another, uses the program and the library
# there, removes it, and looks for files that are left. By hand and before a release, as root; needs debootstrap, 4 GB
# and, on two cores, about a quarter of an hour.
#   scripts/check_package.sh bookworm|trixie [FOLDER]     Debian 12 or 13. FOLDER keeps the systems and the package for the next time
#   PACKAGE=FILE scripts/check_package.sh …               tries this package, built elsewhere
#   CCACHE=FOLDER scripts/check_package.sh …              uses this compiler cache
# CMAKE_BUILD_PARALLEL_LEVEL limits the number of compilers.
set -euo pipefail
. "$(dirname "$0")/fresh_debian.sh"
[[ "${1:-}" =~ ^(bookworm|trixie)$ ]] && [ $# -le 2 ] || { sed -n '2,7s/^# *//p' "$0"; exit 2; }
enter_namespace "${2:-}" "$1"
suite=$1

step() { echo "== $*"; }
set_up "$root/base" "$suite" ca-certificates

# Builds the package in $root/builder: sets `package`.
build_package() {
  local builder=$root/builder settings=()
  if [ -n "${CMAKE_BUILD_PARALLEL_LEVEL:-}" ]; then settings=("CMAKE_BUILD_PARALLEL_LEVEL=$CMAKE_BUILD_PARALLEL_LEVEL"); fi
  [ -d "$builder" ] || cp -a "$root/base" "$builder"
  connect "$builder"
  clone_into "$builder"
  step "Building the package"
  inside "$builder" apt-get update -qq
  inside "$builder" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends git make ${CCACHE:+ccache} >/dev/null 2>&1
  if [ -n "${CCACHE:-}" ]; then
    mkdir -p "$builder/root/.ccache"
    mount --bind "$CCACHE" "$builder/root/.ccache"
    settings+=(CMAKE_CXX_COMPILER_LAUNCHER=ccache CCACHE_DIR=/root/.ccache CCACHE_BASEDIR=/root CCACHE_NOHASHDIR=1 CXXFLAGS=-fpch-preprocess
               CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime)
  fi
  inside "$builder" env "${settings[@]}" make -C /root/biossl package >"$root/build.log" 2>&1 ||
    { grep -iE 'error' "$root/build.log" | cut -c1-300 | head -n 10 >&2; fail "make package failed; see $root/build.log"; }
  package=$(echo "$builder"/root/biossl/build/package/*.deb)
}

# All files but those of caches, logs, databases and mounts.
list_files() {
  chroot "$clean" find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /root -o -path /tmp -o -path /var/cache -o -path /var/log \
    -o -path /var/lib/apt -o -path /var/lib/dpkg \) -prune -o -print | sort
}
install() { inside "$clean" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$root/apt.log" 2>&1 ||
  { tail -n 5 "$root/apt.log" >&2; fail "apt-get install $* failed"; }; }

try_package() {
  step "Installing $(basename "$package")"
  cp "$package" "$clean/root/biossl.deb"
  install /root/biossl.deb
  inside "$clean" dpkg-query -W -f='${Package} ${Version} needs ${Depends}\n' biossl
  step "The program"
  inside "$clean" biossl --version
  inside "$clean" biossl run --out /root/run --set data.images=600 --set data.probe_images=600 --set data.test_images=200 \
    --set train.epochs=1 --set probe.epochs=2 | tail -n 8
  step "The library"
  install g++ cmake make libfmt-dev nlohmann-json3-dev
  inside "$clean" sh -ec 'cp -r /usr/share/biossl/examples /root; cd /root/examples/embed_in_cmake
    cmake -B build >/dev/null; cmake --build build >/dev/null; build/embed'
}
# Neither a file of the package nor another of its name may be left.
remove_package() {
  step "Removing it"
  local files left
  files=$(inside "$clean" dpkg -L biossl)
  inside "$clean" env DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq biossl >/dev/null 2>&1
  left=$(for file in $files; do [ ! -f "$clean$file" ] || echo "$file"; done; list_files | grep -i biossl) || true
  [ -z "$left" ] || fail "these are left: $left"
  echo "nothing is left of $(wc -l <<<"$files") files and folders"
}

package=${PACKAGE:-}
if [ -z "$package" ]; then build_package; fi
[ -f "$package" ] || fail "there is no package $package"
clean=$root/clean
rm -rf --one-file-system "$clean"
cp -a "$root/base" "$clean"
connect "$clean"
inside "$clean" apt-get update -qq
try_package
remove_package
