#!/bin/sh
# What: how long programs with rowgrad take to compile, in multiples of one that includes Eigen/Core alone.
# Why:  compile time is a feature. Including the umbrella header is cheap; what people wait for are the templates that a
#       program uses, so the README's program is measured as well.
# See:  docs/decisions.md, "Compile time"; docs/benchmarks.md.
#
#   bench/compile_time.sh [umbrella [program [compiled]]]     exit status 1 when a ratio exceeds its limit (0: none)
#
#     umbrella    a program that includes rowgrad/rowgrad.hpp and does nothing, -O0
#     program     the first program of README.md, -O0 and -O2
#     compiled    the same with the templates of rowgrad::compiled declared extern
# Environment: CXX (g++), EIGEN (/usr/include/eigen3), RUNS (5), CXXFLAGS (none).
# User time; the runs alternate and the fastest of each counts, since other load on the machine slows all of them.
set -eu

umbrella=${1:-0}
program=${2:-0}
compiled=${3:-0}
cxx=${CXX:-g++}
eigen=${EIGEN:-/usr/include/eigen3}
runs=${RUNS:-5}
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

printf '#include <Eigen/Core>\nint main() {}\n' >"$dir/eigen.cpp"
printf '#include <rowgrad/rowgrad.hpp>\nint main() {}\n' >"$dir/umbrella.cpp"
awk '/^```cpp$/ { program = 1; next } /^```$/ { if (program) exit } program' "$root/README.md" >"$dir/program.cpp"
grep -q 'int main()' "$dir/program.cpp" || { echo "README.md: expected a program in its first block of C++"; exit 1; }

# Names of measurements: source-optimisation, or source-optimisation-compiled.
baselines='eigen-O0 eigen-O2'
programs='umbrella-O0 program-O0 program-O2 program-O0-compiled program-O2-compiled'

compile() {
  rest=${1#*-}
  define=
  case $rest in *-compiled) define=-DROWGRAD_COMPILED ;; esac
  # shellcheck disable=SC2086  # several flags
  $cxx -std=c++20 "-${rest%-compiled}" $define ${CXXFLAGS:-} -c -I"$root/include" -isystem "$eigen" "$dir/${1%%-*}.cpp" \
    -o "$dir/out.o"
}

# In a subshell, whose only child is the compiler: line 2 of `times` is what that took, "0m1.23s" of user time first.
timed() {
  (
    compile "$1"
    times >"$dir/times"
    awk 'NR == 2 { split($1, t, /[ms]/); print t[1] * 60 + t[2] }' "$dir/times"
  ) >>"$dir/$1.times"
}

compile eigen-O0 && compile umbrella-O0  # fills the file cache
i=0
while [ "$i" -lt "$runs" ]; do
  for name in $baselines $programs; do timed "$name"; done
  i=$((i + 1))
done

fastest() { sort -n "$dir/$1.times" | head -n 1; }
status=0
for name in $programs; do
  case $name in
    umbrella-*) limit=$umbrella ;;
    *-compiled) limit=$compiled ;;
    *) limit=$program ;;
  esac
  rest=${name#*-}
  awk -v cxx="$cxx" -v name="$name" -v a="$(fastest "eigen-${rest%-compiled}")" -v b="$(fastest "$name")" \
    -v limit="$limit" 'BEGIN {
    ratio = b / a
    printf "%s: %-20s %5.2f s, Eigen/Core %.2f s, ratio %.2f\n", cxx, name, b, a, ratio
    if (limit > 0 && ratio > limit) { printf "above the limit of %.2f\n", limit; exit 1 }
  }' || status=1
done
exit "$status"
