# Dependencies: the installed package first, else a pinned archive, checked by its hash.
include(FetchContent)

# rowgrad_find_headers(<target> PACKAGE <name> [VERSION <least>] DEBIAN <package>
#                      INCLUDE <folder in the archive> URL <archive> SHA256 <hash>)
# Of a downloaded archive only the headers are used: its own project is not built, and there is none by the name below.
function(rowgrad_find_headers target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PACKAGE;VERSION;DEBIAN;INCLUDE;URL;SHA256" "")
  if(TARGET ${target})
    return()
  endif()
  find_package(${arg_PACKAGE} ${arg_VERSION} CONFIG QUIET)
  if(TARGET ${target})
    message(STATUS "Found ${arg_PACKAGE} ${${arg_PACKAGE}_VERSION}: ${${arg_PACKAGE}_DIR}")
    set(${arg_PACKAGE}_VERSION ${${arg_PACKAGE}_VERSION} PARENT_SCOPE)
    return()
  endif()
  message(STATUS "${arg_PACKAGE} is not installed (Debian, Ubuntu: apt install ${arg_DEBIAN}); fetching ${arg_URL}")
  FetchContent_Declare(${arg_PACKAGE} URL ${arg_URL} URL_HASH SHA256=${arg_SHA256} SOURCE_SUBDIR headers-only
    INACTIVITY_TIMEOUT 30)
  FetchContent_MakeAvailable(${arg_PACKAGE})
  FetchContent_GetProperties(${arg_PACKAGE} SOURCE_DIR source)
  add_library(${target} INTERFACE IMPORTED)
  target_include_directories(${target} SYSTEM INTERFACE ${source}/${arg_INCLUDE})
endfunction()

function(rowgrad_find_eigen)
  rowgrad_find_headers(Eigen3::Eigen PACKAGE Eigen3 VERSION 3.4 DEBIAN libeigen3-dev INCLUDE .
    URL https://gitlab.com/libeigen/eigen/-/archive/3.4.0/eigen-3.4.0.tar.gz
    SHA256 8586084f71f9bde545ee7fa6d00288b264a2b7ac3607b974e54d13e7162c1c72)
endfunction()

function(rowgrad_find_doctest)
  rowgrad_find_headers(doctest::doctest PACKAGE doctest DEBIAN doctest-dev INCLUDE .
    URL https://github.com/doctest/doctest/archive/refs/tags/v2.4.11.tar.gz
    SHA256 632ed2c05a7f53fa961381497bf8069093f0d6628c5f26286161fbd32a560186)
  if(doctest_VERSION AND doctest_VERSION VERSION_LESS 2.4.7)  # its signal handler doesn't compile with glibc 2.34
    target_compile_definitions(doctest::doctest INTERFACE DOCTEST_CONFIG_NO_POSIX_SIGNALS)
  endif()
endfunction()

function(rowgrad_find_cli11)
  rowgrad_find_headers(CLI11::CLI11 PACKAGE CLI11 DEBIAN libcli11-dev INCLUDE include
    URL https://github.com/CLIUtils/CLI11/archive/refs/tags/v2.4.2.tar.gz
    SHA256 f2d893a65c3b1324c50d4e682c0cdc021dd0477ae2c048544f39eed6654b699a)
endfunction()

function(rowgrad_find_benchmark)
  find_package(benchmark CONFIG QUIET)
  if(TARGET benchmark::benchmark_main)
    message(STATUS "Found benchmark ${benchmark_VERSION}: ${benchmark_DIR}")
    return()
  endif()
  set(url https://github.com/google/benchmark/archive/refs/tags/v1.8.3.tar.gz)
  message(STATUS "benchmark is not installed (Debian, Ubuntu: apt install libbenchmark-dev); fetching ${url}")
  set(BENCHMARK_ENABLE_TESTING OFF CACHE INTERNAL "")
  set(BENCHMARK_ENABLE_INSTALL OFF CACHE INTERNAL "")
  FetchContent_Declare(benchmark
    URL ${url} URL_HASH SHA256=6bc180a57d23d4d9515519f92b0c83d61b05b5bab188961f36ac7b06b0d9e9ce INACTIVITY_TIMEOUT 30)
  FetchContent_MakeAvailable(benchmark)
endfunction()
