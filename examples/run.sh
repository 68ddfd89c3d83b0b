#!/usr/bin/env bash
# Builds examples/sentiment_classifier in build/examples (Release, for this processor) and runs it with the arguments
# given, after installing what is missing. The program's output alone goes to the standard output.
# Usage: examples/run.sh [arguments of sentiment_classifier]      for example  examples/run.sh --help
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
program=$root/build/examples/examples/sentiment_classifier

"$root/cmake/install-packages.sh" "rowgrad's example" g++ cmake make libeigen3-dev libcli11-dev
[ -e "$program" ] || echo "Building the example for the first time: less than a minute" >&2
"$root/cmake/build.sh" --brief release examples -DROWGRAD_BUILD_TESTS=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
  -DROWGRAD_NATIVE=ON -- sentiment_classifier >&2

exec "$program" "$@"
