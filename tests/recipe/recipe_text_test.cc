#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "biossl/core/error.h"
#include "biossl/core/file.h"
#include "biossl/core/text.h"
#include "biossl/recipe/toml_document.h"
#include "biossl/training/experiment.h"
#include "biossl/training/probing.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

// Recipes as text: how they are encoded, and that what was written can be read again.

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::message_of;

/// A text in UTF-16, the low byte first.
std::string as_utf16(const std::string& text, const std::string& mark) {
  std::string wide = mark;
  for (const char letter : text) wide += std::string{letter, '\0'};
  return wide;
}

std::string refusal(const std::string& text) {
  return message_of<BadInput>([&] { parse_recipe(text, "odd.toml"); });
}

TEST(RecipeText, AMarkAndOtherLineEndsAreRead) {
  std::string windows = "\xEF\xBB\xBF";
  for (const char letter : std::string(testing::tiny_recipe_text())) {
    windows += letter == '\n' ? "\r\n" : std::string(1, letter);
  }
  EXPECT_EQ(to_toml(parse_recipe(windows, "tiny.toml")), to_toml(testing::tiny_recipe()));
}

TEST(RecipeText, WhatIsNotUtf8IsRefusedWithItsLine) {
  EXPECT_THAT(refusal(as_utf16("seed = 1\n", "\xFF\xFE")), HasSubstr("odd.toml: is UTF-16 text; save it as UTF-8"));
  EXPECT_THAT(refusal(as_utf16("seed = 1\n", "")), HasSubstr("odd.toml: is UTF-16 text; save it as UTF-8"));
  EXPECT_THAT(refusal("seed = 1\n# caf\xE9\n"), AllOf(HasSubstr("odd.toml:2:"), HasSubstr("save the recipe as UTF-8")));
  EXPECT_THAT(refusal("name = \"caf\xE9\"\n"), HasSubstr("odd.toml:1:"));
}

TEST(RecipeText, WhatIsNoTextIsSaidToBeNone) {
  const std::string no_text = "odd.toml: holds zero bytes, so it is no text; a recipe is a text file in TOML";
  for (const std::string& bytes : {std::string("\x7F"
                                               "ELF\2\1\1\0\0",
                                               9),
                                   std::string("\x40\1\0\0\0\0\0\0{\"a\":", 13), std::string("seed = 1\n\0", 10)}) {
    EXPECT_EQ(refusal(bytes), no_text);
  }
}

TEST(RecipeText, ASettingThatIsNotUtf8IsRefused) {
  for (const Override& change :
       {Override{"name", "caf\xE9"}, Override{"caf\xE9", "1"}, Override{"loss.kind", "\xFF"}}) {
    const std::string told = message_of<std::invalid_argument>([&] { testing::tiny_recipe({change}); });
    EXPECT_THAT(told, AllOf(HasSubstr("--set "), HasSubstr("is not UTF-8 text")));
    EXPECT_TRUE(is_utf8(told));
  }
}

TEST(RecipeText, ANameIsAlwaysOneThatCanBeWritten) {
  EXPECT_EQ(parse_recipe("", "runs/caf\xE9.toml").name, "caf\xEF\xBF\xBD");
  EXPECT_EQ(parse_recipe("", "tab\there.toml").name, "tab\xEF\xBF\xBDhere");
  EXPECT_THAT(message_of<std::invalid_argument>([] {
                testing::tiny_recipe({{"name", "\"a\\tb\""}});
              }),
              HasSubstr("no control characters"));
  EXPECT_THAT(refusal("name = \"\"\n"), HasSubstr("name = \"\" may not be empty"));
  EXPECT_THAT(refusal("name = \"a\\u0000b\"\n"), HasSubstr("no control characters"));
}

TEST(RecipeText, WhatIsWrittenIsReadAgain) {
  for (const char* name :
       {"quo\"te", "back\\slash", "it's", "caf\xC3\xA9", "# no comment", "[x]", "a = b", "\xF0\x9F\xA7\xA0", " "}) {
    Recipe recipe = testing::tiny_recipe();
    recipe.name = name;
    recipe.published = PublishedRecipe{.accuracy = 50, .source = "one\ntwo\tthree\x7F", .setting = name, .place = 1};
    const Recipe again = parse_recipe(to_toml(recipe), "again.toml");
    EXPECT_EQ(again.name, name);
    EXPECT_EQ(again.published->source, "one\ntwo\tthree\x7F");
    EXPECT_EQ(to_toml(again), to_toml(recipe));
  }
}

TEST(RecipeText, AnyValidTextIsReadAgain) {
  std::mt19937 random(2);
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (std::uint32_t left = random() % 20; left > 0; --left) text += static_cast<char>(random() % 256);
    text = valid_utf8(text);
    const TomlDocument document = parse_toml("text = " + to_toml(Value(text)), "x");
    EXPECT_EQ(std::get<std::string>(document.sections.at("").entries.at("text").value), text);
  }
}

TEST(RecipeText, AWrongValueIsRepeated) {
  EXPECT_THAT(refusal("seed = 1e3\n"), AllOf(HasSubstr("odd.toml:1: "), HasSubstr("whole number, not 1000")));
  EXPECT_THAT(refusal("[train]\nbatch = -7\n"), HasSubstr("odd.toml:2: [train] batch = -7 must lie between"));
  EXPECT_THAT(refusal("[train]\nbatch = \"many\"\n"), HasSubstr("not \"many\""));
  EXPECT_THAT(refusal("seed = 99999999999999999999\n"), HasSubstr("99999999999999999999"));
  for (const char* wrong : {"-1", "1e3", "99999999999999999999"}) {
    EXPECT_THAT(message_of<std::invalid_argument>([&] {
                  testing::tiny_recipe({{"seed", wrong}});
                }),
                HasSubstr(std::string("--set seed=") + wrong));
  }
}

TEST(RecipeText, ResultsOfARunWithAnyPathAreValid) {
  const testing::TemporaryFolder folder;
  Reporter quiet;
  const auto out = folder.path() / "caf\xE9 \"run\"";
  run_experiment(parse_recipe(testing::tiny_recipe_text(), "caf\xE9.toml"), testing::here, out, false, quiet);
  EXPECT_EQ(read_recipe(out / "recipe.toml").name, "caf\xEF\xBF\xBD");
  for (const char* file : {"summary.json", "probe.json", "environment.json"}) {
    EXPECT_FALSE(nlohmann::json::parse(read_file(out / file)).empty()) << file;
  }
  EXPECT_EQ(open_checkpoint(out, [](std::string_view) {}).recipe().name, "caf\xEF\xBF\xBD");
}

}  // namespace
}  // namespace biossl
