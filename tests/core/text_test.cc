#include "biossl/core/text.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <random>

namespace biossl {
namespace {

const std::vector<std::string> losses = {"contrastive_hinge", "simclr", "clapp", "barlow_twins"};

TEST(Text, NearestForgivesSlips) {
  EXPECT_EQ(nearest("simcrl", losses), "simclr");
  EXPECT_EQ(nearest("contrastiv_hinge", losses), "contrastive_hinge");
  EXPECT_EQ(nearest("clap", losses), "clapp");
  EXPECT_EQ(nearest("clapp", losses), "clapp");
}

TEST(Text, NearestGivesNothingForAStranger) {
  EXPECT_EQ(nearest("vicreg", losses), "");
  EXPECT_EQ(nearest("", losses), "");
  EXPECT_EQ(nearest("simclr", {}), "");
}

TEST(Text, SuggestionNamesTheNearestOrAll) {
  EXPECT_EQ(suggestion("simcrl", losses), "; did you mean 'simclr'?");
  EXPECT_EQ(suggestion("vicreg", losses), "; known are contrastive_hinge, simclr, clapp, barlow_twins");
}

TEST(Text, NaturalOrderComparesNumbersAsNumbers) {
  const std::vector<std::string> sorted{"",
                                        "01",
                                        "1",
                                        "2",
                                        "10",
                                        "a",
                                        "a1",
                                        "a1b2",
                                        "a1b10",
                                        "a2",
                                        "a10",
                                        "b",
                                        "img-18446744073709551616",
                                        "img-18446744073709551617",
                                        "img.png",
                                        "img1.png",
                                        "\xff"};
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      EXPECT_EQ(natural_less(sorted[i], sorted[j]), i < j) << sorted[i] << " " << sorted[j];
    }
  }
}

TEST(Text, Joined) {
  EXPECT_EQ(joined({}), "");
  EXPECT_EQ(joined({"a"}), "a");
  EXPECT_EQ(joined({"a", "b"}, "/"), "a/b");
}

TEST(Text, Utf8IsWhatUnicodeSays) {
  for (const char* text :
       {"", "plain", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\xA7\xA0", "\xF4\x8F\xBF\xBF", "\xEE\x80\x80"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
    EXPECT_EQ(valid_utf8(text), text);
  }
  for (const char* text : {"caf\xE9", "\x80", "\xC0\xAF", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                           "\xF8\x88\x80\x80\x80", "\xF0\x9F\xA7", "\xFF\xFE"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
    EXPECT_TRUE(is_utf8(valid_utf8(text))) << text;
  }
  EXPECT_EQ(valid_utf8("caf\xE9 au lait"), "caf\xEF\xBF\xBD au lait");
  EXPECT_EQ(valid_utf8("a\xE2\x82z"), "a\xEF\xBF\xBD\xEF\xBF\xBDz");
}

TEST(Text, WordsAreQuotedWhereAShellWouldChangeThem) {
  EXPECT_EQ(shell_quoted("runs/quick-seed1"), "runs/quick-seed1");
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(shell_quoted("two words"), "'two words'");
  EXPECT_EQ(shell_quoted("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quoted("*_5"), "'*_5'");
  EXPECT_EQ(shell_quoted("caf\xC3\xA9"), "'caf\xC3\xA9'");
  EXPECT_EQ(shell_quoted("caf\xE9"), "\"$(printf -- 'caf\\351')\"");
  EXPECT_EQ(shell_path("-runs"), "./-runs");
  EXPECT_EQ(shell_path("-my runs"), "'./-my runs'");
}

/// What a shell hands on when it reads these words behind a command.
std::string read_by_shell(const std::string& words) {
  std::FILE* shell = popen(("printf '%s\\0' " + words).c_str(), "r");
  std::string read;
  for (int byte = std::fgetc(shell); byte != EOF; byte = std::fgetc(shell)) read += static_cast<char>(byte);
  EXPECT_EQ(pclose(shell), 0);
  return read;
}

TEST(Text, AShellReadsQuotedWordsAsTheyWere) {
  std::mt19937 random(1);
  std::string words;
  std::string wanted;
  for (int i = 0; i < 500; ++i) {
    std::string word;
    for (std::uint32_t length = random() % 12; word.size() < length;) {
      // Letters, what a shell reads otherwise, and any byte at all.
      const std::string_view some = "ab \t'\"\\$`%~*?[]{}()<>|&;!#=-\n\xC3\xA9";
      word += i % 2 == 0 ? some[random() % some.size()] : static_cast<char>(1 + random() % 255);
    }
    words += " " + shell_quoted(word);
    wanted += word + std::string(1, '\0');
  }
  EXPECT_EQ(read_by_shell(words), wanted);
}

}  // namespace
}  // namespace biossl
