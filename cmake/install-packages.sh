#!/usr/bin/env bash
# Installs, through apt, those of the named Debian or Ubuntu packages that are missing. Does nothing when none is.
# Where that is not possible it says so; it fails only if a program is missing: headers (*-dev) can come from elsewhere,
# and CMake downloads those that it does not find.
# Usage: cmake/install-packages.sh "<what needs them>" <package>...
set -euo pipefail
purpose=$1
shift

is_there() {
  case $1 in
    *-dev) dpkg-query -W -f='${Status}' "$1" 2>/dev/null | grep -q 'install ok installed' ;;
    clang) command -v clang++ >/dev/null ;;
    clang-tidy-*) command -v "$1" >/dev/null ;;
    clang-[0-9]*) command -v "clang++${1#clang}" >/dev/null ;;
    g++-aarch64-linux-gnu) command -v aarch64-linux-gnu-g++ >/dev/null ;;
    g++-mingw-w64-x86-64-posix) command -v x86_64-w64-mingw32-g++-posix >/dev/null ;;
    qemu-user) command -v qemu-aarch64 >/dev/null ;;
    *) command -v "$1" >/dev/null ;;  # a program of the package's name, wherever it came from
  esac
}

missing=() programs=()
for package in "$@"; do
  is_there "$package" && continue
  missing+=("$package")
  case $package in *-dev) ;; *) programs+=("$package") ;; esac
done
[ ${#missing[@]} -gt 0 ] || exit 0

go_on() {
  echo "$purpose: ${missing[*]} (Debian's names) cannot be installed here: $1." >&2
  if [ ${#programs[@]} -gt 0 ]; then
    echo "Without ${programs[*]} it cannot go on." >&2
    exit 1
  fi
  echo "Going on without: CMake looks for other copies, and downloads what it does not find." >&2
  exit 0
}

command -v apt-get >/dev/null || go_on "there is no apt-get"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || go_on "that takes root, and there is no sudo"
  as_root=(sudo)
  [ -t 0 ] || as_root+=(-n)  # nobody to type a password
  "${as_root[@]}" true 2>/dev/null || go_on "that takes root, and sudo refuses"
fi

echo "$purpose: needs ${missing[*]}, not installed here; installing through apt-get" >&2
apt() { ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" >&2; }
{ apt update && apt install -y --no-install-recommends "${missing[@]}"; } || go_on "apt-get failed, see above"
