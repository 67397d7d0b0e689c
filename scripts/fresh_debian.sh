# Read by scripts that try biossl on a fresh Debian in a folder (check_debian13.sh, check_package.sh). They run as root
# and need debootstrap. Packages come from the Debian mirror, and through the proxy, that this machine's apt is set up
# with.
fail() { echo "$(basename "$0" .sh): $1" >&2; exit 1; }

# Runs the script again in a namespace of its own, with `root` set: all mounts and every process end with it, however
# that comes. Goes on only there. With an argument the folder is kept for the next time; without, it is a temporary one.
enter_namespace() {
  if [ -n "${FRESH_DEBIAN_ROOT:-}" ]; then
    root=$FRESH_DEBIAN_ROOT
    return
  fi
  [ "$(id -u)" -eq 0 ] || fail "a system is set up by root alone; run it with sudo"
  command -v debootstrap >/dev/null || fail "there is no debootstrap; install it with: apt-get install debootstrap"
  local folder=$1 code=0
  shift
  if [ -n "$folder" ]; then
    mkdir -p "$folder"
    folder=$(realpath "$folder")
  else
    folder=$(mktemp -d)
    trap "rm -rf --one-file-system '$folder'" EXIT
  fi
  FRESH_DEBIAN_ROOT=$folder unshare --mount --pid --fork --kill-child "$0" "$@" || code=$?
  exit $code
}

# set_up SYSTEM SUITE PACKAGES: the smallest Debian in folder SYSTEM, with these packages (a,b,c) too; nothing where it
# is complete.
set_up() {
  local system=$1 suite=$2 packages=$3 mirror said
  if [ -e "$system/complete" ]; then return; fi
  mirror=$(apt-get indextargets --format '$(REPO_URI)' "Created-By: Packages" "Label: Debian" 2>/dev/null | head -n 1) || true
  mirror=${mirror:-http://deb.debian.org/debian}
  echo "Setting up Debian $suite from $mirror"
  said=$(debootstrap --variant=minbase --include="$packages" "$suite" "$system" "$mirror" 2>&1) ||
    { tail -n 5 <<<"$said" >&2; fail "debootstrap failed; $system/debootstrap/debootstrap.log may say more"; }
  apt-config dump | grep -iE '^Acquire::((https?|ftp)::|Check-|Retries)' >"$system/etc/apt/apt.conf.d/00host" || true
  touch "$system/complete"
}

# Gives a system this machine's network and devices.
connect() {
  local system=$1 file
  for file in /etc/resolv.conf /etc/hosts; do cp -L "$file" "$system$file"; done
  if [ -d /usr/local/share/ca-certificates ]; then
    mkdir -p "$system/usr/local/share/ca-certificates"
    cp -a /usr/local/share/ca-certificates/. "$system/usr/local/share/ca-certificates/"
    chroot "$system" update-ca-certificates >/dev/null 2>&1
  fi
  mount -t proc proc "$system/proc"
  mount --rbind /dev "$system/dev"
  mount --rbind /sys "$system/sys"
}

# inside SYSTEM COMMAND: runs a command in a system, in the environment of a new user.
inside() {
  local system=$1 proxies
  shift
  mapfile -t proxies < <(env | grep -iE '^(https?|ftp|no)_proxy=')
  chroot "$system" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "${proxies[@]}" "$@"
}
clone_into() {
  rm -rf "$1/root/biossl"
  git -c safe.directory='*' clone -q "$(git -C "$(dirname "$0")/.." rev-parse --show-toplevel)" "$1/root/biossl"
}
