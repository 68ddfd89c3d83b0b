#!/usr/bin/env bash
# Builds the fuzz targets with Clang and runs each, from the seeds in tests/fuzz/corpus/<target>. New inputs that reach
# more code stay in build/fuzz/corpus/<target>; an input that breaks something in build/fuzz/.
# Usage: tests/fuzz/run.sh [libFuzzer options] [-- target...]      for example  tests/fuzz/run.sh -runs=3000 -- graph
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
options=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
  options+=("$1")
  shift
done
[ $# -eq 0 ] || shift
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in "$root"/tests/fuzz/*.cpp; do targets+=("$(basename "$source" .cpp)"); done
fi

"$root/cmake/build.sh" --brief fuzz fuzz -- "${targets[@]/#/fuzz_}"
export UBSAN_OPTIONS=print_stacktrace=1 TMPDIR=$root/build/fuzz/tmp
mkdir -p "$TMPDIR"
[ ! -d /dev/shm ] || TMPDIR=/dev/shm  # the readers' files: in memory where that is possible
for target in "${targets[@]}"; do
  corpus=$root/build/fuzz/corpus/$target
  mkdir -p "$corpus"
  seeds=()
  [ ! -d "$root/tests/fuzz/corpus/$target" ] || seeds=("$root/tests/fuzz/corpus/$target")
  log=$root/build/fuzz/$target.log
  if ! "$root/build/fuzz/tests/fuzz/fuzz_$target" -max_len=400 -timeout=20 -rss_limit_mb=4096 \
    -artifact_prefix="$root/build/fuzz/$target-" ${options[@]+"${options[@]}"} "$corpus" ${seeds[@]+"${seeds[@]}"} \
    >"$log" 2>&1; then
    tail -n 60 "$log" >&2
    echo "fuzz target $target: see $log. Again:  $root/build/fuzz/tests/fuzz/fuzz_$target <the input named above>" >&2
    exit 1
  fi
  echo "$target: $(grep -E '^(Done|#[0-9]+.*DONE)' "$log" | tr '\n' ' ')"
done
