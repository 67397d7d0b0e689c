#!/usr/bin/env bash
# Installs the Debian packages that biossl is built from, if any is missing, and fetches a current oneDNN for the build folder where
# Debian's is an old one. setup.sh [--lint]: clang-format and clang-tidy too.
set -euo pipefail

# oneDNN 3, for build/onednn alone; needs the packages below.
fetch_onednn() {
  [ "$(uname -m)" = x86_64 ] || return 0
  dpkg --compare-versions "$(dpkg-query -W -f='${Version}' libdnnl-dev)" ge 3 && return
  cmake -D FOLDER="$(dirname "$0")/../build/onednn" -P "$(dirname "$0")/../docs/cmake/fetch_onednn.cmake"
}

packages=(g++ cmake ninja-build pkg-config libdnnl-dev libtomlplusplus-dev libcli11-dev nlohmann-json3-dev libfmt-dev
          zlib1g-dev libpng-dev ca-certificates libgtest-dev libgmock-dev libbenchmark-dev)
if [ "${1:-}" = "--lint" ]; then packages+=(clang-format clang-tidy libomp-dev); fi

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then fetch_onednn; exit; fi

echo "Installing: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
wait=(-o DPkg::Lock::Timeout=300)  # a machine that has just started may be installing something itself
"${as_root[@]}" apt-get "${wait[@]}" update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get "${wait[@]}" install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fetch_onednn
