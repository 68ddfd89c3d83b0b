#!/usr/bin/env bash
# Compiles and runs each ```cpp block that holds `int main`, and compares what it prints with the ```text (or unnamed)
# block after it, where there is one: nothing but blank lines may stand between the two.
# Usage: cmake/check_readme.sh [page...]      README.md and docs/*.md; CXX and EIGEN_INCLUDE_DIR may be set
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ $# -gt 0 ] || set -- "$root"/README.md "$root"/docs/*.md
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Writes <page>/<line>.cpp and <page>/<line>.expected, by the line at which the block of code starts.
pages=()
for page in "$@"; do
  folder=$work/${#pages[@]}
  pages+=("$page")
  mkdir "$folder"
  ln -s "$root/examples" "$folder/examples"  # programs read the examples' data, as from the repository's root
  awk -v work="$folder" '
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
  ' "$page"
done

sources=$(cd "$work" && grep -l 'int main' */*.cpp 2>/dev/null | sort -V || true)
[ -n "$sources" ] || { echo "no program with 'int main' in $*" >&2; exit 1; }
where() { echo "${pages[${1%%/*}]}:$(basename "$1" .cpp)"; }

# All are compiled before the first runs, as many at once as there are processors.
(cd "$work" && printf '%s\n' $sources | xargs -P "$(nproc)" -I{} sh -c '"$@" -o "${0%.cpp}" "$0" >"${0%.cpp}.log" 2>&1 || true' \
  {} "${CXX:-g++}" -std=c++20 -O1 -I "$root/include" -isystem "${EIGEN_INCLUDE_DIR:-/usr/include/eigen3}")

passed=0
for source in $sources; do
  program=$work/${source%.cpp}
  if [ ! -x "$program" ]; then
    cat "$program.log" >&2
    echo "$(where "$source"): this program does not compile" >&2
    exit 1
  fi
  (cd "$(dirname "$program")" && "$program" >"$program.output") || { echo "$(where "$source"): this program fails" >&2; exit 1; }
  if [ -f "$program.expected" ]; then
    diff -u --label "$(where "$source") shows" --label "it prints" "$program.expected" "$program.output" >&2 || exit 1
  fi
  passed=$((passed + 1))
done
echo "$passed programs compile, run and print what these pages show: $*"
