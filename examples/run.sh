#!/usr/bin/env bash
# Builds the examples in build/examples (Release, for this processor) and runs sentiment_classifier with the arguments
# given, after installing what is missing. The program's output alone goes to the standard output.
# Usage: examples/run.sh [arguments of sentiment_classifier]      for example  examples/run.sh --help
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

"$root/cmake/install-packages.sh" "rowgrad's examples" g++ cmake make libeigen3-dev libcli11-dev
"$root/cmake/build.sh" release examples -DROWGRAD_BUILD_TESTS=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
  -DROWGRAD_NATIVE=ON >&2

exec "$root/build/examples/examples/sentiment_classifier" "$@"
