#!/usr/bin/env bash
# rowgrad's files and Python's: models go both ways, and files of every type hold the same bytes. Needs a python3 with
# torch and safetensors; PYTHON may name another one. Where there is none it says SKIPPED, and passes.
# Usage: tests/python/run.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
python=${PYTHON:-python3}
if ! "$python" -c 'import numpy, torch, safetensors.torch' 2>/dev/null; then
  echo "SKIPPED: $python cannot import torch, numpy and safetensors (pip install torch numpy safetensors)"
  exit 0
fi
cmake/build.sh --brief release python -DROWGRAD_BUILD_TESTS=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
  -- sentiment_classifier fine_tune rowgrad_copy_safetensors
"$python" tests/python/files.py build/python/examples/rowgrad_copy_safetensors
"$python" tests/python/exchange.py build/python/examples/sentiment_classifier build/python/examples/fine_tune
