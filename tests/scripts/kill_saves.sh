#!/usr/bin/env bash
# Kills a program that saves checkpoints, again and again, at random instants: each time the file must be whole, no older
# than the last one seen, and the run must go on from it.
# Usage: tests/scripts/kill_saves.sh PROGRAM [KILLS]      PROGRAM is tests/kill_saves.cpp; 40 kills by default
set -euo pipefail
program=$1 kills=${2:-40}
work=$(mktemp -d)
child=
trap '[ -z "$child" ] || kill -9 "$child" 2>/dev/null; rm -rf "$work"' EXIT
damaged=0 in_the_middle=0
declare -A seen=([1]=0 [3]=0)
for ((i = 0; i < kills; ++i)); do
  keep=$((i % 2 == 0 ? 1 : 3))  # one file, or the last three
  "$program" save "$work/run-$keep.safetensors" "$keep" &
  child=$!
  sleep "0.$(printf '%03d' $((10 + RANDOM % 80)))"
  kill -9 "$child" || { echo "kill $i: the run ended by itself" >&2; exit 1; }
  wait "$child" 2>/dev/null || true
  child=
  if compgen -G "$work/run-$keep*.tmp" >/dev/null; then in_the_middle=$((in_the_middle + 1)); fi
  if ! count=$("$program" check "$work/run-$keep.safetensors" "$keep"); then
    damaged=$((damaged + 1))
  elif [ "$count" -lt "${seen[$keep]}" ]; then
    echo "kill $i: $count saves, after ${seen[$keep]} were seen" >&2
    damaged=$((damaged + 1))
  else
    seen[$keep]=$count
  fi
  if compgen -G "$work/run-$keep*.tmp" >/dev/null; then
    echo "kill $i: what the killed save left is still there" >&2
    exit 1
  fi
done
[ "$(find "$work" -name 'run-3-*' | wc -l)" -le 4 ] || { echo "more than the last three are kept" >&2; exit 1; }
echo "$kills kills, $in_the_middle of them while a file was written, ${seen[1]} and ${seen[3]} saves: $damaged damaged files"
[ "$damaged" -eq 0 ] && [ "${seen[1]}" -gt 0 ]
