#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include <rowgrad/core/version.hpp>

TEST_CASE("the version is the one CMake gives to the package") {
  std::ifstream file(std::string(ROWGRAD_TESTS_DATA_DIR) + "/../../CMakeLists.txt");
  std::string line;
  while (std::getline(file, line) && !line.starts_with("project(rowgrad VERSION ")) {
  }
  CHECK(line.starts_with("project(rowgrad VERSION " + rowgrad::version() + " "));
}

TEST_CASE("the version's parts agree") {
  CHECK(ROWGRAD_VERSION == rowgrad::version_major * 10000 + rowgrad::version_minor * 100 + rowgrad::version_patch);
  CHECK(rowgrad::version() == std::to_string(rowgrad::version_major) + "." + std::to_string(rowgrad::version_minor) +
                                  "." + std::to_string(rowgrad::version_patch));
}
