#!/usr/bin/env bash
# Refuses what git must not track: binaries, and files over 1 MB that cmake/large_files.txt does not list.
# Usage: cmake/check_tracked.sh [repository]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "${1:-$root}"
limit=1000000
bad=0
complain() {
  echo "$1: $2" >&2
  bad=1
}

# Binary is what git would not show as text: its comparison with the empty tree counts no lines in such a file.
empty=$(git hash-object -t tree /dev/null)
while IFS=$'\t' read -r -d '' added _ file; do
  [ "$added" != - ] || complain "$file" "a binary file; what can be made from sources is not tracked"
done < <(git diff --cached --numstat --no-renames -z "$empty")

while IFS= read -r -d '' file; do
  [ -f "$file" ] || continue
  size=$(wc -c <"$file")
  [ "$size" -le $limit ] || grep -qxF "$file" cmake/large_files.txt 2>/dev/null ||
    complain "$file" "$size bytes; a file over $limit must be listed in cmake/large_files.txt, with good reason"
done < <(git ls-files -z)
exit $bad
