#!/bin/sh
# What: the time to compile a program with the umbrella header alone, against one with Eigen/Core alone.
# Why:  compile time is a feature: the ratio is to stay within 1.5.
# See:  docs/decisions.md; include/rowgrad/rowgrad.hpp.
#
#   bench/compile_time.sh [limit]     exit status 1 when the ratio exceeds limit (default: none)
# Environment: CXX (g++), EIGEN (/usr/include/eigen3), RUNS (11).
# User time without optimisation, the runs alternate, the fastest of each counts: other load on the machine slows both.
set -eu

limit=${1:-0}
cxx=${CXX:-g++}
eigen=${EIGEN:-/usr/include/eigen3}
runs=${RUNS:-11}
include=$(cd "$(dirname "$0")/../include" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

printf '#include <Eigen/Core>\nint main() {}\n' >"$dir/eigen.cpp"
printf '#include <rowgrad/rowgrad.hpp>\nint main() {}\n' >"$dir/rowgrad.cpp"

compile() { $cxx -std=c++20 -c -I"$include" -isystem "$eigen" "$dir/$1.cpp" -o "$dir/$1.o"; }

# In a subshell, whose only child is the compiler: line 2 of `times` is what that took, "0m1.23s" of user time first.
timed() {
  (
    compile "$1"
    times >"$dir/times"
    awk 'NR == 2 { split($1, t, /[ms]/); print t[1] * 60 + t[2] }' "$dir/times"
  ) >>"$dir/$1.times"
}

compile eigen && compile rowgrad  # fills the file cache
i=0
while [ "$i" -lt "$runs" ]; do
  timed eigen
  timed rowgrad
  i=$((i + 1))
done

a=$(sort -n "$dir/eigen.times" | head -n 1)
b=$(sort -n "$dir/rowgrad.times" | head -n 1)
awk -v cxx="$cxx" -v a="$a" -v b="$b" -v limit="$limit" 'BEGIN {
  ratio = b / a
  printf "%s: Eigen/Core %.2f s, rowgrad.hpp %.2f s, ratio %.2f\n", cxx, a, b, ratio
  if (limit > 0 && ratio > limit) { printf "above the limit of %.2f\n", limit; exit 1 }
}'
