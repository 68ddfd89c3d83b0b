#!/usr/bin/env bash
# Configures and builds a preset in build/<folder>, keeps the logs there, and says what to do when that fails.
# Usage: cmake/build.sh [--brief] <preset> <folder> [cmake arguments] [-- targets]
# With --brief only what is compiled and linked is shown, so nothing when everything is up to date.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
brief=false
if [ "$1" = --brief ]; then
  brief=true
  shift
fi
preset=$1 folder=build/$2
shift 2
options=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  options+=("$1")
  shift
done
[ $# -eq 0 ] || shift
targets=()
[ $# -eq 0 ] || targets=(--target "$@")
mkdir -p "$folder"

# With --brief: the lines that say what is compiled or linked, and compilers' warnings.
filter() { if $brief; then grep -E --line-buffered '^\[.*(Building|Linking)|warning:' || true; else cat; fi; }

run() {
  local log=$folder/$1.log
  shift
  "$@" 2>&1 | tee "$log" | filter && return
  {
    echo
    if $brief; then tail -n 40 "$log"; fi
    echo "Failed: $*"
    echo "The output is in $PWD/$log; the first error in it is the one to read."
    echo "If this folder was built by another compiler or moved, start afresh:  rm -rf $PWD/$folder"
    echo "If the compiler was killed, memory ran out; one job at a time:  export CMAKE_BUILD_PARALLEL_LEVEL=1"
  } >&2
  exit 1
}

run configure cmake --preset "$preset" -B "$folder" ${options[@]+"${options[@]}"}
run build cmake --build "$folder" -j "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}" ${targets[@]+"${targets[@]}"}
