#!/usr/bin/env bash
# Opening, reading and writing a large safetensors file: rowgrad beside a plain copy, dd, and Python's safetensors.
# usage: bench/weights.sh [folder [megabytes [rounds]]]     folder: where three such files have room (a temporary one);
#                                                           1000 MB; 5 rounds. Needs g++ and Eigen; Python is optional.
# The ways alternate and the fastest of each counts; what is read is in the page cache.
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d "${1:-${TMPDIR:-/tmp}}/rowgrad-weights-XXXXXX")
megabytes=${2:-1000}
rounds=${3:-5}
trap 'rm -rf "$folder"' EXIT
export OMP_NUM_THREADS=1

weights=$folder/weights
"${CXX:-g++}" -std=c++20 -O3 -DNDEBUG -march=native -w -Iinclude -isystem "${EIGEN:-/usr/include/eigen3}" \
  bench/weights/weights.cpp -o "$weights"
table=$folder/table.safetensors
"$weights" make "$table" "$megabytes"
cat "$table" >/dev/null
printf 'open, 100 rows:  %s\n' "$("$weights" open "$table")" "$("$weights" open "$table")"

python=
if python3 -c 'import torch, safetensors.torch' 2>/dev/null; then python=yes; fi
in_python() {
  python3 - "$@" <<'PYTHON'
import sys, time
import torch
from safetensors.torch import load_file, save_file
torch.set_num_threads(1)
what, source = sys.argv[1:3]
start = time.perf_counter()
tensors = load_file(source)
if what == "own":  # load_file() maps; values of the program's own are copies
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
if what == "write":
    tensors = {name: tensor.clone() for name, tensor in tensors.items()}
    start = time.perf_counter()
    save_file(tensors, sys.argv[3])
print(f"{time.perf_counter() - start:.6f}")
PYTHON
}
take() { "${@:2}" >>"$folder/$1.times"; }
fastest() { sort -n "$folder/$1.times" | head -n 1; }
with_dd() {
  LC_ALL=C dd if="$table" of="$folder/dd" bs=1M conv=fsync 2>&1 | awk '/copied/ { for (i = 1; i < NF; i++) if ($(i + 1) ~ /^s,?$/) print $i }'
  rm -f "$folder/dd"
}
written() {
  "$weights" write "$table" "$folder/written"
  rm -f "$folder/written"
}
for ((i = 0; i < rounds; i++)); do
  take copy "$weights" copy "$table"
  take read "$weights" read "$table"
  take map "$weights" map "$table"
  if [ -n "$python" ]; then
    take load_file in_python load "$table"
    take load_file_own in_python own "$table"
  fi
done
for ((i = 0; i < rounds; i++)); do
  take dd with_dd
  take write written
  if [ -n "$python" ]; then
    take save_file in_python write "$table" "$folder/python"
    rm -f "$folder/python"
  fi
done

show() {
  awk -v name="$1" -v time="$2" -v other="$3" -v than="$4" -v mb="$megabytes" 'BEGIN {
    printf "%-16s %8.4f s (%7.2f GB/s)   %.2f times as fast as %s\n", name, time, mb / 1e3 / time, other / time, than }'
}
show 'read' "$(fastest read)" "$(fastest copy)" 'memcpy from the mapped file'
show 'write, flushed' "$(fastest write)" "$(fastest dd)" 'dd conv=fsync'
if [ -n "$python" ]; then
  show 'open, map' "$(fastest map)" "$(fastest load_file)" "Python's load_file, which maps"
  show 'read' "$(fastest read)" "$(fastest load_file_own)" "Python's load_file and clone()"
  show 'write, flushed' "$(fastest write)" "$(fastest save_file)" "Python's save_file, which does not flush"
fi
