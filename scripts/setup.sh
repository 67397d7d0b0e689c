#!/usr/bin/env bash
# Installs the Debian packages that biossl is built from, if any is missing. setup.sh [--lint]: clang-format and clang-tidy too.
set -euo pipefail

packages=(g++ cmake ninja-build pkg-config libdnnl-dev libtomlplusplus-dev libcli11-dev nlohmann-json3-dev libfmt-dev
          zlib1g-dev libpng-dev libgtest-dev libgmock-dev libbenchmark-dev)
if [ "${1:-}" = "--lint" ]; then packages+=(clang-format clang-tidy libomp-dev); fi

missing=()
for package in "${packages[@]}"; do
  [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "Installing: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then as_root=(sudo); fi
wait=(-o DPkg::Lock::Timeout=300)  # a machine that has just started may be installing something itself
"${as_root[@]}" apt-get "${wait[@]}" update -qq
DEBIAN_FRONTEND=noninteractive "${as_root[@]}" apt-get "${wait[@]}" install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
