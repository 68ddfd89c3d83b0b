#!/usr/bin/env bash
# Configures and builds a preset in build/<folder>, keeps the logs there, and says what to do when that fails.
# Usage: cmake/build.sh <preset> <folder> [cmake arguments]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
preset=$1 folder=build/$2
shift 2
mkdir -p "$folder"

run() {
  local log=$folder/$1.log
  shift
  "$@" 2>&1 | tee "$log" && return
  {
    echo
    echo "Failed: $*"
    echo "The output is in $PWD/$log; the first error in it is the one to read."
    echo "If this folder was built by another compiler or moved, start afresh:  rm -rf $PWD/$folder"
    echo "If the compiler was killed, memory ran out; one job at a time:  export CMAKE_BUILD_PARALLEL_LEVEL=1"
  } >&2
  exit 1
}

run configure cmake --preset "$preset" -B "$folder" "$@"
run build cmake --build "$folder" -j "${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}"
