#!/usr/bin/env bash
# What a program that only predicts costs: size of examples/predict.cpp, time to its first answer, time per sentence of 20
# words, on one thread; table of 100,000 words x 100 numbers, hidden layer of 256. Beside it the same model in libtorch,
# where python3 has torch. Fails when the program has a megabyte or more.
# usage: bench/predict_latency.sh      needs g++ and Eigen
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
build() { "${CXX:-g++}" -std=c++20 "$1" -w -Iinclude -isystem /usr/include/eigen3 "${@:3}" -o "$folder/$2"; }

build -O1 latency bench/footprint/predict_latency.cpp
build -O2 predict -DNDEBUG examples/predict.cpp
strip "$folder/predict"
"$folder/latency" make "$folder/model.safetensors" "$folder/many.txt"
head -n 1 "$folder/many.txt" >"$folder/one.txt"
printf 'rowgrad, -O2: %d bytes stripped; ' "$(stat -c %s "$folder/predict")"
"$folder/latency" measure "$folder/one.txt" "$folder/many.txt" "$folder/predict" "$folder/model.safetensors"
[ "$(stat -c %s "$folder/predict")" -lt 1000000 ] || { echo "expected less than 1000000 bytes" >&2; exit 1; }

torch=$(python3 -c 'import os, torch; print(os.path.dirname(torch.__file__))' 2>/dev/null) ||
  { echo "libtorch: python3 has no torch"; exit 0; }
abi=$(python3 -c 'import torch; print(int(torch.compiled_with_cxx11_abi()))')
python3 - "$folder" <<'P'
import sys
import torch
from safetensors.torch import load_file
weights = load_file(sys.argv[1] + "/model.safetensors")
torch.save(weights, sys.argv[1] + "/model.pt")
P
"${CXX:-g++}" -std=c++20 -O2 -DNDEBUG -w "-D_GLIBCXX_USE_CXX11_ABI=$abi" bench/footprint/predict_libtorch.cpp \
  -isystem "$torch/include" -isystem "$torch/include/torch/csrc/api/include" \
  -L"$torch/lib" -Wl,-rpath,"$torch/lib" -ltorch_cpu -lc10 -o "$folder/predict_libtorch"
strip "$folder/predict_libtorch"
printf 'libtorch, -O2: %d bytes stripped, and its libraries; ' "$(stat -c %s "$folder/predict_libtorch")"
"$folder/latency" measure "$folder/one.txt" "$folder/many.txt" "$folder/predict_libtorch" "$folder/model.pt"
