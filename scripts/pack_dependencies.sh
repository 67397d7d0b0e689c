#!/usr/bin/env bash
# Packs what biossl is built from, beside the compiler and CUDA, for a machine that can fetch no packages: headers and libraries of this
# machine's Debian packages (scripts/setup.sh installs them), about 12 MB.
#   scripts/pack_dependencies.sh FILE.tar.xz     scripts/gpu_visit.sh --dependencies FILE.tar.xz takes it there
set -euo pipefail
[ $# -eq 1 ] || { sed -n '2,4s/^# *//p' "$0"; exit 2; }
file=$(realpath "$1")
"$(dirname "$0")/setup.sh"

packages=(libdnnl-dev libdnnl2 libtomlplusplus-dev libtomlplusplus3 libcli11-dev nlohmann-json3-dev libfmt-dev libfmt9 zlib1g-dev zlib1g libpng-dev libpng16-16
          libgtest-dev libgmock-dev libbenchmark-dev libbenchmark1debian)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for package in "${packages[@]}"; do
  dpkg -L "$package" | grep -E '^(/usr)?/(include|lib|share/(cmake|pkgconfig))/' | grep -v -E '/(doc|lintian)/' | while read -r path; do
    [ -d "$path" ] && [ ! -L "$path" ] && continue
    mkdir -p "$folder/$(dirname "$path")"
    cp -a "$path" "$folder/$path"
  done
done
# Debian's own places, so that what CMake's package files say of them holds: everything lies under usr/.
if [ -d "$folder/lib" ]; then cp -a "$folder/lib/." "$folder/usr/lib/"; rm -rf "$folder/lib"; fi
# Links by absolute path would leave the folder.
find "$folder" -type l -lname '/*' | while read -r link; do ln -sf "$(basename "$(readlink "$link")")" "$link"; done
tar -C "$folder" -cJf "$file.partial" .
mv "$file.partial" "$file"
echo "$file: $(du -h "$file" | cut -f1)"
