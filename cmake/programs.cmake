# How our own tests, examples and benchmarks are compiled. Projects that use rowgrad see none of these flags.
add_library(rowgrad_flags INTERFACE)
target_compile_options(rowgrad_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
  $<$<BOOL:${ROWGRAD_WARNINGS_AS_ERRORS}>:-Werror>
  $<$<BOOL:${ROWGRAD_NATIVE}>:-march=native>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 11 and 12 see uninitialised values and short arrays in Eigen's SIMD code where there are none.
  target_compile_options(rowgrad_flags INTERFACE
    -Wno-array-bounds -Wno-maybe-uninitialized -Wno-uninitialized -Wno-stringop-overflow -Wno-restrict)
elseif(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 22)
  target_compile_options(rowgrad_flags INTERFACE -Wno-c2y-extensions)  # doctest's macros use __COUNTER__
endif()

# rowgrad_add_program(<name> <source>...): an executable that uses rowgrad, under our flags.
function(rowgrad_add_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE rowgrad::rowgrad rowgrad_flags)
endfunction()
