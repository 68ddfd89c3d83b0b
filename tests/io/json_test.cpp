// JsonReader: values, escapes, what it refuses, and depth.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include <rowgrad/io/json.hpp>

using rowgrad::ParseError;
using rowgrad::io::detail::JsonReader;

namespace {

JsonReader reader(const std::string& text) { return JsonReader(text, "f.json", "header"); }

std::string string_of(const std::string& text) {
  JsonReader json = reader(text);
  std::string value = json.string();
  json.end();
  return value;
}

bool skips(const std::string& text) {
  JsonReader json = reader(text);
  try {
    json.skip();
    json.end();
    return true;
  } catch (const ParseError&) {
    return false;
  }
}

}  // namespace

TEST_CASE("objects and arrays give their parts in order") {
  const std::string text = R"( {"a" : [1, 22,333] ,"b":[], "c":{"d":"e"}} )";
  JsonReader json = reader(text);
  std::string seen;
  json.object([&](const std::string& key) {
    seen += key;
    if (key == "c")
      json.object([&](const std::string& inner) { seen += inner + json.string(); });
    else
      json.array([&] { seen += std::to_string(json.size()) + ";"; });
  });
  json.end();
  CHECK(seen == "a1;22;333;bcde");
}

TEST_CASE("strings: every escape, pairs of surrogates, and UTF-8 as it is") {
  CHECK(string_of(R"("a\"\\\/\b\f\n\r\t")") == "a\"\\/\b\f\n\r\t");
  CHECK(string_of(R"("\u0041\u00e9\u20AC\ud83d\ude00")") == "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  CHECK(string_of("\"\xc3\xa9\"") == "\xc3\xa9");
  CHECK(string_of("\"\\u0000\"") == std::string(1, '\0'));
  for (const char* bad : {"\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u123g\"", "\"\\ud800\"", "\"\\ud800\\u0041\"",
                          "\"\\udc00\"", "\"\n\"", "x", ""})
    CHECK_THROWS_AS(string_of(bad), ParseError);
}

TEST_CASE("sizes are whole numbers from 0 to 2^63 - 1") {
  const auto size_of = [](const std::string& text) {
    JsonReader json = reader(text);
    const auto value = json.size();
    json.end();
    return value;
  };
  CHECK(size_of(" 0") == 0);
  CHECK(size_of("9223372036854775807") == INT64_MAX);
  for (const char* bad : {"9223372036854775808", "99999999999999999999999", "-1", "1.0", "1e3", "01", "+1", "", "x"})
    CHECK_THROWS_AS(size_of(bad), ParseError);
}

TEST_CASE("skip() takes any value and refuses what is none") {
  for (const char* good : {"1", "-1.5e+10", "0", "true", "false", "null", "\"x\"", "[]", "{}", "[[],{}]", " [1,2] ",
                           R"({"a":{"b":[1,{"c":null}]},"d":"e"})", "[[[]]]"})
    CHECK_MESSAGE(skips(good), std::string(good));
  for (const char* bad :
       {"",      "[",   "]", "{",  "}",  "[1,]", "{,}", "[1 2]", R"({"a"})", R"({"a":})",  R"({"a":1,})",
        "{1:2}", "tru", "-", "1.", "1e", "[}",   "{]",  "1 2",   "nulll",    R"({"a":1]})"})
    CHECK_MESSAGE(!skips(bad), std::string(bad));
}

TEST_CASE("a text nested a hundred thousand deep needs no deep stack") {
  const std::size_t depth = 100'000;
  CHECK(skips(std::string(depth, '[') + std::string(depth, ']')));
  CHECK_FALSE(skips(std::string(depth, '[') + std::string(depth - 1, ']')));
  std::string objects;
  for (std::size_t i = 0; i < depth; ++i) objects += "{\"a\":";
  CHECK(skips(objects + "1" + std::string(depth, '}')));
}

TEST_CASE("messages say where, what was expected and what stood there") {
  const std::string text = "{\"a\" 1}";
  JsonReader json = reader(text);
  CHECK_THROWS_WITH_AS(json.object([](const std::string&) {}),
                       "f.json: header, byte 5: expected ':' after a key, got '1'", ParseError);
}
