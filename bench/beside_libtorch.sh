#!/usr/bin/env bash
# What one small program costs with rowgrad and with libtorch: to compile, to ship, to run. It trains bench/footprint's
# tiny model for 100 steps; both print the same loss.
# usage: bench/beside_libtorch.sh      needs g++, Eigen, GNU time, and a python3 that can import torch (its libtorch is used)
# Compile times are user time, on one core, without and with optimisation; other load on the machine slows both sides.
set -euo pipefail
cd "$(dirname "$0")/.."
torch=$(python3 -c 'import torch; print(torch.__path__[0])')
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cxx=${CXX:-g++}
rowgrad=(-Iinclude -isystem "${EIGEN:-/usr/include/eigen3}" bench/footprint/tiny.cpp)
libtorch=(-isystem "$torch/include" -isystem "$torch/include/torch/csrc/api/include" bench/footprint/tiny_libtorch.cpp
  -L"$torch/lib" -Wl,-rpath,"$torch/lib" -Wl,--no-as-needed -ltorch -ltorch_cpu -lc10)

measure() { env time -o "$folder/time" -f "$1" "${@:2}" >/dev/null && tail -n 1 "$folder/time"; }

# The shortest of ten runs, in milliseconds.
fastest() {
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    local start=${EPOCHREALTIME/./}
    "$folder/program" >/dev/null
    echo $((${EPOCHREALTIME/./} - start))
  done | sort -n | awk 'NR == 1 { printf "%.1f", $1 / 1000 }'
}

report() {
  local name=$1 shared=$2
  shift 2
  printf '%s\n' "$name"
  printf '  compile -O0  %7s s\n' "$(measure %U "$cxx" -std=c++20 -w -O0 -o "$folder/program" "$@")"
  printf '  compile -O2  %7s s\n' "$(measure %U "$cxx" -std=c++20 -w -O2 -DNDEBUG -o "$folder/program" "$@")"
  strip "$folder/program"
  "$folder/program" | sed 's/^/  /'
  awk -v bytes=$(($(stat -c %s "$folder/program") + shared)) 'BEGIN { printf "  to ship      %7.1f MB\n", bytes / 1e6 }'
  awk -v kib="$(measure %M "$folder/program")" 'BEGIN { printf "  peak memory  %7.1f MB\n", kib * 1024 / 1e6 }'
  printf '  100 steps    %7s ms from start to exit\n' "$(fastest)"
}

shared=$(stat -L -c %s "$torch"/lib/{libtorch.so,libtorch_cpu.so,libc10.so} "$torch"/lib/libgomp* | awk '{ sum += $1 } END { print sum }')
report "rowgrad" 0 "${rowgrad[@]}"
report "libtorch $(python3 -c 'import torch; print(torch.__version__)')" "$shared" "${libtorch[@]}"
