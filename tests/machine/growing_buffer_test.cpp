#include <doctest/doctest.h>

#include <rowgrad/machine/growing_buffer.hpp>

namespace {
struct Note {
  int step = 7;
  double value = 0;
};
}  // namespace

TEST_CASE("growing buffer: values stay as it grows, new ones are initialised") {
  rowgrad::detail::GrowingBuffer<Note> notes;
  CHECK(notes.empty());
  for (int i = 0; i < 1000; ++i) {
    notes.make_room();
    notes.push_back({i, i / 2.0});
  }
  notes.resize(3000);
  REQUIRE(notes.size() == 3000);
  bool kept = true;
  for (std::size_t i = 0; i < 1000; ++i)
    kept = kept && notes[i].step == static_cast<int>(i) && notes[i].value == static_cast<double>(i) / 2;
  CHECK(kept);
  CHECK(notes[1000].step == 7);
  CHECK(notes.back().step == 7);
  notes.clear();
  CHECK(notes.empty());
  CHECK_THROWS_AS(notes.reserve(std::size_t(-1) / 2), std::bad_alloc);
}
