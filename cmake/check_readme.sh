#!/usr/bin/env bash
# Compiles and runs each ```cpp block of the README that holds `int main`, and compares what it prints with the ```text
# (or unnamed) block after it, where there is one: nothing but blank lines may stand between the two.
# Usage: cmake/check_readme.sh [file]      CXX and EIGEN_INCLUDE_DIR may be set
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
readme=${1:-$root/README.md}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Writes <line>.cpp and <line>.expected, by the line at which the block of code starts.
awk -v work="$work" '
  /^```/ && inside { close(file); inside = 0; next }
  /^```/ {
    inside = 1; file = "/dev/null"; after = program; program = 0
    if ($0 == "```cpp") { program = NR; file = work "/" NR ".cpp" }
    else if (after && ($0 == "```text" || $0 == "```")) file = work "/" after ".expected"
    printf "" > file
    next
  }
  inside { print > file; next }
  NF { program = 0 }
' "$readme"

passed=0
for source in $(grep -l 'int main' "$work"/*.cpp 2>/dev/null | sort -V); do
  program=${source%.cpp}
  where="$readme:${program##*/}"
  "${CXX:-g++}" -std=c++20 -O1 -I "$root/include" -isystem "${EIGEN_INCLUDE_DIR:-/usr/include/eigen3}" \
    -o "$program" "$source" || { echo "$where: this program does not compile" >&2; exit 1; }
  (cd "$work" && "$program" >"$program.output") || { echo "$where: this program fails" >&2; exit 1; }
  if [ -f "$program.expected" ]; then
    diff -u --label "$where shows" --label "it prints" "$program.expected" "$program.output" >&2 || exit 1
  fi
  passed=$((passed + 1))
done
[ "$passed" -gt 0 ] || { echo "$readme: no program with 'int main' in it" >&2; exit 1; }
echo "$readme: $passed programs compile, run and print what it shows"
