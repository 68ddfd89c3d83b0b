#!/usr/bin/env bash
# How much rowgrad costs besides time: size of a program that trains the tiny model, memory of steps over large tables.
# usage: bench/footprint.sh      needs g++ and Eigen
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
build() { "${CXX:-g++}" -std=c++20 -O3 -DNDEBUG "${@:3}" -w -Iinclude -isystem /usr/include/eigen3 "bench/footprint/$1.cpp" -o "$folder/$2"; }

build tiny tiny
strip "$folder/tiny"
printf 'program that trains the tiny model, stripped: %d bytes\n' "$(stat -c %s "$folder/tiny")"
"$folder/tiny" >/dev/null

build memory memory -march=native
"$folder/memory" 400000 3000
"$folder/memory" 1000000 3000
