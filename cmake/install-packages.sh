#!/usr/bin/env bash
# Installs, through apt, those of the named Debian or Ubuntu packages that are missing. Does nothing when none is.
# Usage: cmake/install-packages.sh "<what needs them>" <package>...
set -euo pipefail
purpose=$1
shift

is_there() {
  case $1 in
    *-dev) dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed' ;;
    clang) command -v clang++ >/dev/null ;;
    *) command -v "$1" >/dev/null ;;  # a program of the package's name, wherever it came from
  esac
}

if ! command -v apt-get >/dev/null; then
  echo "No apt-get here, so nothing is installed. $purpose: needs (by Debian's names) $*" >&2
  exit 0
fi

missing=()
for package in "$@"; do
  is_there "$package" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

echo "$purpose: needs ${missing[*]}, not installed here; installing through apt-get" >&2
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "That takes root, and there is no sudo. As root, run:  apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

apt() { ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" >&2; }
if ! { apt update && apt install -y --no-install-recommends "${missing[@]}"; }; then
  echo "apt-get failed, see its message above. Once this works, try again:  apt-get install ${missing[*]}" >&2
  exit 1
fi
