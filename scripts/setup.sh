#!/usr/bin/env bash
# Installs the Debian packages that biossl is built from, where any is missing, and fetches a current oneDNN for the
# build folder where Debian's is an old one. What goes wrong is told in one line.
#   setup.sh             what the program, tests and benches need
#   setup.sh --lint      clang-format and clang-tidy too
#   setup.sh --fuzz      Clang with libFuzzer too
#   setup.sh --python    what builds and tests the Python package too, in build/venv; PYTHON=python3.13 names another interpreter
#   setup.sh --package   what makes a Debian package too
#   setup.sh --arm64     what compiles for arm64 on another processor, and runs the tests there (preset arm64)
#   setup.sh --needs     only says what biossl is built from, for other systems
set -euo pipefail

# oneDNN 3, for build/onednn alone; needs the packages below.
fetch_onednn() {
  [ "$HOSTTYPE" = x86_64 ] || return 0
  dpkg --compare-versions "$(dpkg-query -W -f='${Version}' libdnnl-dev)" ge 3 && return
  cmake -D FOLDER="$(dirname "$0")/../build/onednn" -P "$(dirname "$0")/../cmake/fetch_onednn.cmake"
}

jpeg=libjpeg62-turbo-dev
if grep -qs '^ID=ubuntu' /etc/os-release; then jpeg=libjpeg-dev; fi  # Ubuntu's name of libjpeg-turbo
packages=(g++ cmake ninja-build pkg-config libdnnl-dev libtomlplusplus-dev libcli11-dev nlohmann-json3-dev libfmt-dev
          zlib1g-dev libpng-dev "$jpeg" libwebp-dev libcurl4-openssl-dev libarchive-dev libssl-dev ca-certificates
          libgtest-dev libgmock-dev libbenchmark-dev)
needs="a C++20 compiler (GCC 12, Clang 14 or newer), CMake 3.25 or newer, ninja, pkg-config, and the libraries oneDNN, toml++, CLI11, \
nlohmann-json, fmt, zlib, libpng, libjpeg-turbo, libwebp, libcurl, libarchive, OpenSSL, GoogleTest (for the tests) and Google Benchmark (for the \
benches)"

stop() {
  echo "setup: $*" >&2
  exit 1
}

# Of a system without apt-get only the tools can be looked for; CMake looks for the libraries.
require_tools() {
  local tool
  for tool in c++ cmake ninja; do
    command -v "$tool" >/dev/null || stop "there is no $tool, and no apt-get to install it with; biossl needs $needs"
  done
}

missing_packages() {
  local package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# Packages of compiled libraries become those of arm64. Programs and what holds headers alone are the same for all.
use_packages_of_arm64() {
  local package all=()
  dpkg --add-architecture arm64
  apt-get update -qq
  for package in "${packages[@]}"; do
    if [[ $package =~ -dev$ ]] && ! apt-cache show "$package" | grep -q '^Architecture: all'; then package+=:arm64; fi
    all+=("$package")
  done
  packages=("${all[@]}" g++-aarch64-linux-gnu qemu-user-static)
}

# Why apt-get could not install, from what it wrote to the file $1; the other arguments are the packages.
explain() {
  local log=$1
  shift
  local lacks
  lacks=$(sed -n 's/^E: Unable to locate package //p' "$log" | paste -sd ' ')
  if grep -qiE 'no space left|enough free space' "$log"; then
    stop "there is no room on the disk for $*; make room and run this again"
  elif grep -qE 'Failed to fetch|Could not (resolve|connect)|Temporary failure|Network is unreachable' "$log"; then
    stop "apt-get cannot reach its servers: is there a network? When there is: apt-get update; apt-get install $*"
  elif [ -n "$lacks" ]; then
    stop "this system has no package $lacks: biossl needs Debian 12, Ubuntu 24.04 or newer, or by hand $needs"
  fi
  grep -E '^(E:|sudo:)' "$log" >&2 || tail -n 5 "$log" >&2
  stop "apt-get failed (see above); by hand: apt-get install $*"
}

install_packages() {
  local as_root=() log
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || stop "neither root nor sudo: ask whoever is root here for: apt-get install $*"
    as_root=(sudo)
  fi
  local apt=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get
             -o DPkg::Lock::Timeout=300)  # a machine that has just started may be installing something itself
  echo "Installing: $*"
  log=$(mktemp) || stop "there is no room for a temporary file"
  trap "rm -f '$log'" EXIT
  # Old lists may do where a server cannot be reached, so the second command decides.
  "${as_root[@]}" "${apt[@]}" update -qq >"$log" 2>&1 || true
  "${as_root[@]}" "${apt[@]}" install -y -qq --no-install-recommends "$@" >>"$log" 2>&1 || explain "$log" "$@"
}

# What pyproject.toml asks for to build and to test.
requirements_of_python() {
  "$1" - <<'END'
import tomllib
with open("pyproject.toml", "rb") as file:
    settings = tomllib.load(file)
project = settings["project"]
print("\n".join(settings["build-system"]["requires"] + project["dependencies"] + project["optional-dependencies"]["dev"]))
END
}

# An interpreter of its own for the Python package.
make_venv() {
  local venv=build/venv log
  cd "$(dirname "$0")/.."
  [ -x $venv/bin/python ] || "${PYTHON:-python3}" -m venv $venv || stop "python3 cannot make build/venv (see above)"
  log=$venv/requirements.txt
  requirements_of_python $venv/bin/python >"$log.new" || stop "Python 3.11 or newer builds the package here; name one: PYTHON=python3.13"
  if cmp -s "$log.new" "$log"; then return; fi
  echo "Installing into $venv: $(paste -sd ' ' "$log.new")"
  $venv/bin/pip install --quiet --disable-pip-version-check -r "$log.new" || stop "pip could not install these (see above); is there a network?"
  mv "$log.new" "$log"
}

has_python_headers() {
  "${PYTHON:-python3}" -c 'import ensurepip, os, sysconfig, venv
assert os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h"))' 2>/dev/null
}

main() {
  case "${1:-}" in
    --needs) echo "$needs"; return ;;
    --lint) packages+=(clang-format clang-tidy libomp-dev) ;;
    --fuzz) packages+=(clang libclang-rt-dev libomp-dev) ;;
    --python) has_python_headers || packages+=(python3-dev python3-venv) ;;
    --package) packages+=(dpkg-dev file) ;;
    --arm64) use_packages_of_arm64 ;;
  esac
  if ! command -v apt-get >/dev/null; then
    require_tools
    return
  fi
  local missing
  mapfile -t missing < <(missing_packages "${packages[@]}")
  if [ ${#missing[@]} -gt 0 ]; then install_packages "${missing[@]}"; fi
  [ "${1:-}" = --arm64 ] || fetch_onednn
  if [ "${1:-}" = --python ]; then make_venv; fi
}

main "$@"
