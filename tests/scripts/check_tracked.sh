#!/usr/bin/env bash
# cmake/check_tracked.sh accepts text, and refuses binaries and large files that are not listed.
set -euo pipefail
script=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/cmake/check_tracked.sh
repository=$(mktemp -d)
trap 'rm -rf "$repository"' EXIT
cd "$repository"
git init -q
git config core.autocrlf false

accepts() { "$script" "$repository" || { echo "should be accepted: $1" >&2; exit 1; }; }
refuses() {
  if message=$("$script" "$repository" 2>&1); then echo "should be refused: $1" >&2; exit 1; fi
  [[ $message == *"$2"* ]] || { echo "$1: the message is '$message'" >&2; exit 1; }
}

accepts "an empty repository"
printf 'text, with \303\251\n' >'a file.txt'
: >empty
git add .
accepts "text and an empty file"

printf '\177ELF\0\0' >'a program'
git add .
refuses "a program" "a program: a binary file"
git rm -qf 'a program'

head -c 1000000 /dev/zero | tr '\0' 'x' >just
git add .
accepts "1,000,000 bytes of text"
head -c 1000001 /dev/zero | tr '\0' 'x' >large.txt
git add .
refuses "a large text" "large.txt: 1000001 bytes"
mkdir cmake
echo large.txt >cmake/large_files.txt
git add .
accepts "a large text that is listed"

head -c 1000001 /dev/zero >large.bin
echo large.bin >>cmake/large_files.txt
git add .
refuses "a large binary that is listed" "large.bin: a binary file"
