#include "biossl/recipe/toml_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/error.h"
#include "biossl/recipe/recipe.h"
#include "tests/support/message_of.h"

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::message_of;

std::string repeated(std::string_view part, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += part;
  return text;
}

std::string refusal(const std::string& text) {
  return message_of<BadInput>([&] { parse_toml(text, "odd.toml"); });
}

TEST(TomlDocument, KeysAreQuotedWhereTomlAsksForIt) {
  EXPECT_EQ(toml_key("train_2-b"), "train_2-b");
  for (const char* name :
       {"", " ", "my set", "\xC3\xA4", "c#d", "a.b", "a]b", "quo\"te", "back\\slash", "it's", "li\nne", "a = b"}) {
    const std::string key = toml_key(name);
    EXPECT_EQ(key.front(), '"') << key;
    EXPECT_EQ(key.find('\n'), std::string::npos) << key;
    const TomlDocument document = parse_toml("[data." + key + "]\n" + key + " = 3\n", "x");
    EXPECT_EQ(document.sections.at(std::string("data.") + name).settings(), (Settings{{name, std::int64_t{3}}}));
  }
}

TEST(TomlDocument, WhatIsNestedTooDeepIsRefusedWithItsLine) {
  const char* told = "is nested more than 20 deep; the longest keys of a recipe are as network.head.features";
  EXPECT_EQ(refusal("x = 1\n" + repeated("a.", 20'000) + "b = 1\n"), std::string("odd.toml:2: ") + told);
  EXPECT_EQ(refusal("# it's\n[" + repeated("a . 'b.c' . \"d\" .", 7'000) + "e]\n"), std::string("odd.toml:2: ") + told);
  EXPECT_EQ(refusal("x = " + repeated("{a.a.a.a.a.a.a = ", 250) + "1" + repeated("}", 250)),
            std::string("odd.toml:1: ") + told);
  EXPECT_EQ(refusal("x = \"\"\"\n\"\n\"\"\"\"\ny = " + repeated("[", 200) + repeated("]", 200)),
            std::string("odd.toml:4: ") + told);
  const std::string head = "[" + repeated("a.", 15) + "b]\n";
  EXPECT_NO_THROW(parse_toml(head + repeated("a.", 4) + "b = 1\n", "x"));
  EXPECT_THAT(refusal(head + repeated("a.", 15) + "b = 1\n"), HasSubstr(told)) << "each of them may lie so deep alone";
  EXPECT_THROW(parse_recipe(repeated("a.", 20'000) + "b = 1", "deep.toml"), BadInput);
}

TEST(TomlDocument, DotsAndBracketsOfTextsCommentsAndNumbersAreNoLevels) {
  const std::string many = repeated("a.[{", 100);
  const std::string text = "# " + many + "\none = \"" + many + "\\\"" + many + "\"  # it's " + many + "\ntwo = '" +
                           many + "\\'\nthree = \"\"\"\n" + many + "\n\"\\\"\"\"" + many + "\"\"\"\"\"\nfour = '''" +
                           many + "'" + many + "'''\n\"" + many + "\" = 1\n";
  const TomlDocument document = parse_toml(text, "x");
  const TomlSection& section = document.sections.at("");
  EXPECT_EQ(section.settings().at("one"), Value(many + "\"" + many));
  EXPECT_EQ(section.settings().at("two"), Value(many + "\\"));
  EXPECT_EQ(section.settings().at("three"), Value(many + "\n\"\"\"\"" + many + "\"\""));
  EXPECT_EQ(section.settings().at("four"), Value(many + "'" + many));
  EXPECT_EQ(section.settings().at(many), Value(std::int64_t{1}));
  const TomlDocument blocks =
      parse_toml("b = [" + repeated("{x = 1.5}, ", 50) + "]\n" + repeated("[[c]]\nx = 2.5\n", 50), "x");
  EXPECT_EQ(blocks.arrays.at("b").size(), 50U);
  EXPECT_EQ(blocks.arrays.at("c").size(), 50U);
}

TEST(TomlDocument, AValueThatIsNestedTooDeepIsAText) {
  const std::string deep = "{" + repeated("a.", 20'000) + "b = 1}";
  EXPECT_EQ(parse_toml_value(deep), Value(deep));
  const std::string path = repeated("../", 30) + "run";
  EXPECT_EQ(parse_toml_value(path), Value(path));
  EXPECT_EQ(parse_toml_value("1.5"), Value(1.5));
}

TEST(TomlDocument, ANameThatHoldsADotIsNotTakenForTwo) {
  EXPECT_TRUE(parse_toml("[data.\"a.b\"]\n", "x").sections.contains("data.a.b"));
  EXPECT_THAT(refusal("[data.\"a.b\"]\nx = 1\n[data.a.b]\nx = 2\n"), HasSubstr("there is [data.a.b] twice"));
}

}  // namespace
}  // namespace biossl
