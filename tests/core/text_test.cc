#include "biossl/core/text.h"

#include <gtest/gtest.h>

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

TEST(Text, Joined) {
  EXPECT_EQ(joined({}), "");
  EXPECT_EQ(joined({"a"}), "a");
  EXPECT_EQ(joined({"a", "b"}, "/"), "a/b");
}

}  // namespace
}  // namespace biossl
