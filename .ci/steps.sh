# The steps of .ci/run and .ci/full: what each proves is in its title. Each is a function step_<name>, runs alone
# (.ci/run <name>...), builds in a folder of its own under build/, and builds only what it proves something with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p build/ci
jobs=${CMAKE_BUILD_PARALLEL_LEVEL:-$(nproc)}
newest=22                         # of the Clangs that Debian 12 has packages of
eigen=/usr/include/eigen3         # 3.4
eigen5=$PWD/build/ci/eigen5/eigency/eigen
umbrella=build/ci/everything.cpp  # includes every public header
# bench/compile_time.sh: at most so many times what Eigen/Core takes. What is wanted is 1.6, 4.5 and 2.5.
umbrella_limit=1.9
program_limit=8.0
compiled_limit=3.1
warnings=(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Werror)
# GCC 12 sees uninitialised values and short arrays in Eigen's and its own SIMD headers where there are none.
gcc_false=(-Wno-array-bounds -Wno-maybe-uninitialized -Wno-uninitialized -Wno-stringop-overflow -Wno-restrict)

declare -A titles
summaries=()

title() { titles[$1]=$2; }

run_step() {
  local name=$1 start=$SECONDS
  printf '\n==== %s: %s\n' "$name" "${titles[$name]}"
  # In a shell of its own, so that the first command to fail ends the step.
  if bash -c 'set -euo pipefail; source .ci/steps.sh; "step_$1"' step "$name"; then
    printf '==== %s: passed in %d s\n' "$name" $((SECONDS - start))
  else
    printf '\n==== FAILED: %s (after %d s). Alone:  .ci/run %s\n' "$name" $((SECONDS - start)) "$name" >&2
    exit 1
  fi
  summaries+=("$(printf '%-10s %4d s' "$name" $((SECONDS - start)))")
}

# run_steps <step>...: the default when no step is named, then what the user named.
run_steps() {
  local name
  for name in "$@"; do
    [ -n "${titles[$name]:-}" ] || { echo "There is no step $name; there are: ${!titles[*]}" >&2; exit 2; }
  done
  for name in "$@"; do run_step "$name"; done
  printf '\n==== All steps passed in %d s\n' "$SECONDS"
  printf '%s\n' "${summaries[@]}"
  local log
  for name in "$@"; do
    log=build/ci/$name.ctest
    if [ -f "$log" ]; then printf '%-8s %s\n' "$name:" "$(grep 'tests passed' "$log")"; fi
  done
}

# tests <step> <folder> [ctest arguments]: runs the tests there; the summary goes to build/ci/<step>.ctest.
run_tests() {
  local name=$1 folder=$2
  shift 2
  rm -f "build/ci/$name.ctest"
  ctest --test-dir "$folder" --output-on-failure --no-tests=error -j "$jobs" -O "$PWD/build/ci/$name.ctest" "$@" |
    grep -avE '^ +Start |Passed +[0-9.]+ sec$'
}

write_umbrella() {
  (cd include && find rowgrad -name '*.hpp' | LC_ALL=C sort) | sed 's/.*/#include <&>/' >"$umbrella"
  echo 'int main() {}' >>"$umbrella"
}

# The README's first program, for compilers that only have to compile and link it.
write_program() {
  awk '/^```/ { if (inside) { if (text ~ /int main/) { print text; exit }; text = ""; inside = 0 } else inside = /^```cpp$/
         next } inside { text = text $0 "\n" }' README.md >build/ci/program.cpp
  grep -q 'int main' build/ci/program.cpp
}

# Eigen 5.0's headers, from PyPI: there is no Debian package. Used by tests alone.
fetch_eigen5() {
  [ ! -f "$eigen5/Eigen/Core" ] || return 0
  rm -rf build/ci/eigen5
  if python3 -m pip download --quiet --no-deps --only-binary :all: -d build/ci/eigen5 'eigency==5.0.1.*' &&
    python3 -m zipfile -e build/ci/eigen5/*.whl build/ci/eigen5; then
    [ -f "$eigen5/Eigen/Core" ] && return
  fi
  echo "SKIPPED: Eigen 5.0's headers cannot be had here (pip download eigency)" >&2
  rm -rf build/ci/eigen5
  return 1
}

title packages "Packages"
step_packages() {
  cmake/install-packages.sh "The checks" g++ clang clang-format cmake make git python3 \
    libclang-rt-14-dev libomp-dev libeigen3-dev doctest-dev libbenchmark-dev libcli11-dev \
    "clang-$newest" "clang-tidy-$newest" "libc++-$newest-dev" "libc++abi-$newest-dev" \
    g++-aarch64-linux-gnu qemu-user g++-mingw-w64-x86-64-posix
}

title tracked "What git tracks: no binaries, no large files"
step_tracked() { cmake/check_tracked.sh; }

title format "Formatting"
step_format() { git ls-files -z '*.hpp' '*.cpp' | xargs -0r clang-format --dry-run -Werror; }

title gcc "GCC 12, all warnings, baseline processor: headers alone, tests, packaging"
step_gcc() {
  export CXX=g++ ROWGRAD_WARNINGS_AS_ERRORS=ON
  cmake/build.sh --brief release tests -DROWGRAD_BUILD_EXAMPLES=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
    -DROWGRAD_WARNINGS_AS_ERRORS=ON
  run_tests gcc build/tests
}

title native "GCC 12, -O3 -march=native: tests"
step_native() {
  CXX=g++ cmake/build.sh --brief release native -DROWGRAD_BUILD_EXAMPLES=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
    -DROWGRAD_CHECK_HEADERS=OFF -DROWGRAD_NATIVE=ON -DROWGRAD_TESTS_OPTIMISATION=3 -DROWGRAD_WARNINGS_AS_ERRORS=ON \
    -- rowgrad_tests
  run_tests native build/native -LE packaging -E '^link'
}

title asan "Clang 14, address and undefined-behaviour sanitizers: tests"
step_asan() {
  cmake/build.sh --brief asan asan -DCMAKE_CXX_COMPILER=clang++ -DROWGRAD_WARNINGS_AS_ERRORS=ON -- rowgrad_tests
  UBSAN_OPTIONS=print_stacktrace=1 run_tests asan build/asan -LE packaging -E '^link'
}

title newest "Clang $newest, libc++, C++23, Eigen 5.0, without OpenMP: tests"
step_newest() {
  local options=()
  if fetch_eigen5; then
    # A package file beside the headers, which the wheel lacks.
    mkdir -p build/ci/eigen5/cmake
    printf '%s\n' 'set(PACKAGE_VERSION 5.0.1)' 'set(PACKAGE_VERSION_COMPATIBLE TRUE)' \
      >build/ci/eigen5/cmake/Eigen3ConfigVersion.cmake
    printf '%s\n' 'add_library(Eigen3::Eigen INTERFACE IMPORTED)' \
      "target_include_directories(Eigen3::Eigen SYSTEM INTERFACE \"$eigen5\")" \
      >build/ci/eigen5/cmake/Eigen3Config.cmake
    options+=(-DEigen3_DIR="$PWD/build/ci/eigen5/cmake")
  fi
  # Linked statically: Debian's libc++-22-dev comes with the shared library of version 19, which lacks what it declares.
  cmake/build.sh --brief debug newest -DCMAKE_CXX_COMPILER="clang++-$newest" -DCMAKE_CXX_STANDARD=23 \
    -DCMAKE_CXX_FLAGS="-stdlib=libc++" -DCMAKE_EXE_LINKER_FLAGS=-static-libstdc++ -DCMAKE_CXX_FLAGS_DEBUG="-O0 -D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_EXTENSIVE" \
    -DROWGRAD_OPENMP=OFF -DROWGRAD_CHECK_HEADERS=OFF -DROWGRAD_BUILD_EXAMPLES=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
    -DROWGRAD_WARNINGS_AS_ERRORS=ON ${options[@]+"${options[@]}"} -- rowgrad_tests
  run_tests newest build/newest -LE packaging -E '^link'
}

title tsan "Clang 14, thread sanitizer: the tests that use threads"
step_tsan() {
  cmake/build.sh --brief tsan tsan -DROWGRAD_WARNINGS_AS_ERRORS=ON \
    -DROWGRAD_TESTS_ONLY='^(machine|table)/|^autograd/autograd_test|^functional/(reduce|matmul)_test|^nn/recurrent_test|^optim/(adam|shared_tables|row_report)_test' \
    -- rowgrad_tests
  # Archer tells the sanitizer what LLVM's OpenMP, which is not instrumented, synchronises.
  OMP_NUM_THREADS=3 OMP_TOOL_LIBRARIES=$(clang++ -print-file-name=libarcher.so) \
    TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1" run_tests tsan build/tsan
}

title aarch64 "GCC 12 for aarch64, under qemu: tests of core, functional and nn"
step_aarch64() {
  cmake/build.sh --brief release aarch64 -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
    -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DCMAKE_CROSSCOMPILING_EMULATOR="qemu-aarch64;-L;/usr/aarch64-linux-gnu" \
    -DROWGRAD_CHECK_HEADERS=OFF -DROWGRAD_BUILD_EXAMPLES=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
    -DROWGRAD_TESTS_ONLY='^(core|functional|nn)/' -DROWGRAD_WARNINGS_AS_ERRORS=ON -- rowgrad_tests
  run_tests aarch64 build/aarch64
}

title compilers "Other compilers and standards: every header, and the README's program linked"
step_compilers() {
  write_umbrella
  write_program
  local flags=(-Iinclude -isystem "$eigen")
  check() {
    echo "$*"
    "$@"
  }
  check g++ -std=c++23 -fsyntax-only "${warnings[@]}" "${gcc_false[@]}" "${flags[@]}" "$umbrella"
  check g++ -std=c++20 -fsyntax-only -DROWGRAD_NO_FLOAT_FROM_CHARS "${warnings[@]}" "${gcc_false[@]}" "${flags[@]}" "$umbrella"
  # Clang 22 objects to how GCC 12's std::stable_sort gets its memory.
  check "clang++-$newest" -std=c++20 -fsyntax-only "${warnings[@]}" -Wno-deprecated-declarations "${flags[@]}" "$umbrella"
  check x86_64-w64-mingw32-g++-posix -std=c++20 -fsyntax-only "${warnings[@]}" "${gcc_false[@]}" "${flags[@]}" "$umbrella"
  check x86_64-w64-mingw32-g++-posix -std=c++20 -O1 -Wa,-mbig-obj "${flags[@]}" build/ci/program.cpp -o build/ci/program.exe
  # What the README tells its readers to type, with warnings: none may come from rowgrad's headers.
  check g++ -std=c++20 -O3 -march=native -fopenmp -Wall -Wextra -Werror "${flags[@]}" build/ci/program.cpp -o build/ci/program
  check g++ -std=c++20 -O3 -march=skylake-avx512 -Wall -Wextra -Werror "${flags[@]}" -c build/ci/program.cpp -o build/ci/program.o
}

title tidy "clang-tidy: the headers"
step_tidy() {
  write_umbrella
  "clang-tidy-$newest" --quiet --warnings-as-errors='*' "$umbrella" -- -std=c++20 -Iinclude -isystem "$eigen"
}

title programs "Clang 14: examples and benchmarks; the classifier as a user runs it"
step_programs() {
  cmake/build.sh --brief clang clang -DROWGRAD_BUILD_TESTS=OFF -DROWGRAD_WARNINGS_AS_ERRORS=ON
  build/clang/examples/exact_sparse_adam
  run_tests programs build/clang
}

title outputs "GCC 12: the tutorials and the examples that print what is known, compared with it"
step_outputs() {
  CXX=g++ cmake/build.sh --brief release outputs -DROWGRAD_BUILD_TESTS=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
    -DROWGRAD_WARNINGS_AS_ERRORS=ON -- rowgrad_outputs
  run_tests outputs build/outputs -L output
}

title compiled "rowgrad::compiled: linked, and installed"
step_compiled() {
  CXX=g++ cmake/build.sh --brief release compiled -DROWGRAD_BUILD_EXAMPLES=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
    -DROWGRAD_CHECK_HEADERS=OFF -DROWGRAD_TEST_COMPILED=ON -DROWGRAD_WARNINGS_AS_ERRORS=ON -- rowgrad_compiled_test
  run_tests compiled build/compiled -R '^(link|consumer)/compiled$'
}

title compile_time "How long programs take to compile, beside Eigen/Core"
step_compile_time() {
  CXX=g++ EIGEN=$eigen RUNS=3 bench/compile_time.sh "$umbrella_limit" "$program_limit" "$compiled_limit"
}

title guide "The programs in the README and the guide: compiled, run, and compared with what the pages show"
step_guide() { cmake/check_readme.sh README.md docs/*.md; }

title example "The example, as the README starts it"
step_example() {
  examples/run.sh </dev/null
  local second
  second=$(examples/run.sh --help 2>&1 >/dev/null)
  [ -z "$second" ] || { printf 'A second start should build nothing, and said:\n%s\n' "$second" >&2; return 1; }
}

title python "Python: models go to PyTorch and back, files hold the same bytes"
step_python() {
  local python=python3
  if ! python3 -c 'import numpy, torch, safetensors.torch' 2>/dev/null; then
    python=$PWD/build/ci/python/bin/python3
    if ! "$python" -c 'import numpy, torch, safetensors.torch' 2>/dev/null; then
      cmake/install-packages.sh "This check" python3-venv &&
        python3 -m venv build/ci/python && timeout 300 "$python" -m pip install --quiet torch==2.13.0 numpy safetensors || true
    fi
  fi
  PYTHON=$python tests/python/run.sh  # says so where torch cannot be had
}

title fuzz "Fuzz targets: the corpus and some thousand inputs each"
step_fuzz() { tests/fuzz/run.sh -runs=3000; }

title fuzz_long "Fuzz targets: a minute each"
step_fuzz_long() { tests/fuzz/run.sh -max_total_time=60; }

title gcc11 "GCC 11: every header and the README's program"
step_gcc11() {
  cmake/install-packages.sh "This check" g++-11
  write_umbrella
  write_program
  g++-11 -std=c++20 -fsyntax-only "${warnings[@]}" "${gcc_false[@]}" -Iinclude -isystem "$eigen" "$umbrella"
  g++-11 -std=c++20 -O1 -Iinclude -isystem "$eigen" build/ci/program.cpp -o build/ci/program11
  build/ci/program11 >/dev/null
}

title clang14 "Clang 14, optimised: tests"
step_clang14() {
  cmake/build.sh --brief clang clang_tests -DROWGRAD_BUILD_EXAMPLES=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
    -DROWGRAD_WARNINGS_AS_ERRORS=ON -- rowgrad_tests
  run_tests clang14 build/clang_tests -LE packaging -E '^link'
}

title mixed "GCC 12: programs of files with different -march, not optimised and optimised"
step_mixed() {
  CXX=g++ cmake/build.sh --brief release mixed -DROWGRAD_BUILD_EXAMPLES=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
    -DROWGRAD_CHECK_HEADERS=OFF "-DROWGRAD_MIXED_FLAGS_TESTS=-O0;-O2" -- rowgrad_link_tests
  run_tests mixed build/mixed -R '^link'
}

title apart "GCC 12: each test file compiled alone"
step_apart() {
  CXX=g++ cmake/build.sh --brief release apart -DROWGRAD_BUILD_EXAMPLES=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF \
    -DROWGRAD_TESTS_TOGETHER=OFF -DROWGRAD_TESTS_OPTIMISATION=0 -DROWGRAD_CHECK_HEADERS=OFF \
    -DROWGRAD_WARNINGS_AS_ERRORS=ON -- rowgrad_tests
  run_tests apart build/apart -LE packaging -E '^link'
}

title tsan_all "Clang 14, thread sanitizer: all tests"
step_tsan_all() {
  cmake/build.sh --brief tsan tsan_all -- rowgrad_tests
  OMP_NUM_THREADS=3 OMP_TOOL_LIBRARIES=$(clang++ -print-file-name=libarcher.so) \
    TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1" \
    run_tests tsan_all build/tsan_all -LE packaging -E '^link' --timeout 1800
}

title aarch64_all "GCC 12 for aarch64, under qemu: all tests"
step_aarch64_all() {
  cmake/build.sh --brief release aarch64_all -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
    -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ -DCMAKE_CROSSCOMPILING_EMULATOR="qemu-aarch64;-L;/usr/aarch64-linux-gnu" \
    -DROWGRAD_CHECK_HEADERS=OFF -DROWGRAD_BUILD_EXAMPLES=OFF -DROWGRAD_BUILD_BENCHMARKS=OFF -- rowgrad_tests
  run_tests aarch64_all build/aarch64_all -LE packaging -E '^link' --timeout 3600
}
