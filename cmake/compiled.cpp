// What: rowgrad::compiled, the templates that programs use most, compiled once for float and double.
// Why:  a program that links it compiles several times faster. Optional: everything works without.
// See:  include/rowgrad/instances.hpp.
#undef ROWGRAD_COMPILED  // here they are defined
#include <rowgrad/instances.hpp>

const char rowgrad::detail::compiled_with_the_same_march_options = 0;

ROWGRAD_INSTANTIATE_INDICES()
ROWGRAD_INSTANTIATE(, float)
ROWGRAD_INSTANTIATE(, double)
