#include "biossl/io/json_text.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/message_of.h"

namespace biossl {
namespace {

std::string nested(std::size_t levels) {
  return fmt::format("{}{}", std::string(levels, '['), std::string(levels, ']'));
}

TEST(JsonText, WhatIsNestedDeeplyIsTakenForDamaged) {
  for (const std::size_t levels : {most_json_levels + 1, std::size_t{60'000}}) {
    EXPECT_TRUE(try_parse_ordered_json(nested(levels)).is_discarded());
    for (const auto& parse : {+[](const std::string& text) { parse_json(text); },
                              +[](const std::string& text) { parse_ordered_json(text); }}) {
      EXPECT_EQ(testing::message_of<std::runtime_error>([&] { parse(nested(levels)); }), "nested more than 64 deep");
    }
  }
  const std::string most = nested(most_json_levels);
  EXPECT_EQ(parse_json(most).dump(), most);
  EXPECT_EQ(parse_ordered_json(most).dump(), most);
  EXPECT_EQ(try_parse_ordered_json(most).dump(), most);
}

TEST(JsonText, BracketsOfTextsAreNoLevels) {
  const std::string text = fmt::format("[\"\\\\\",\"{}\\\"{}\",{{}}]", std::string(100, '{'), std::string(100, '['));
  EXPECT_EQ(parse_json(text).at(1).get<std::string>(),
            fmt::format("{}\"{}", std::string(100, '{'), std::string(100, '[')));
  std::string many = "[0";
  for (int i = 0; i < 100; ++i) many += ",{\"a\":[]}";
  EXPECT_EQ(try_parse_ordered_json(many + "]").size(), 101U);
  EXPECT_TRUE(try_parse_ordered_json("]]").is_discarded());
}

}  // namespace
}  // namespace biossl
