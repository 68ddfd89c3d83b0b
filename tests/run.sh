#!/usr/bin/env bash
# Builds the tests in build/tests (Release) and runs them, after installing what is missing.
# Usage: tests/run.sh [ctest arguments]      for example  tests/run.sh -R core/
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

"$root/cmake/install-packages.sh" "rowgrad's tests" g++ cmake make libeigen3-dev doctest-dev
[ -e "$root/build/tests/tests/rowgrad_tests" ] || echo "Building the tests for the first time: some minutes" >&2
"$root/cmake/build.sh" --brief release tests -DROWGRAD_BUILD_EXAMPLES=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
  -DROWGRAD_WARNINGS_AS_ERRORS="${ROWGRAD_WARNINGS_AS_ERRORS:-OFF}"

if ! ctest --test-dir "$root/build/tests" --output-on-failure -j "$(nproc)" "$@"; then
  echo "A test failed: see above, or $root/build/tests/Testing/Temporary/LastTest.log" >&2
  echo "One file's tests alone:  $root/build/tests/tests/rowgrad_tests --source-file='*core/shape_test.cpp'" >&2
  exit 1
fi
