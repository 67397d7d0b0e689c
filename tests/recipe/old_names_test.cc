// Recipes written for an older version, whose keys and values have other names now.
#include "biossl/recipe/old_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/error.h"
#include "biossl/recipe/recipe.h"
#include "tests/support/message_of.h"

namespace biossl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(OldNames, AreReadWithANote) {
  const Recipe recipe = parse_recipe("[rule]\nkind = \"random\"\n[train]\nchunk = 5\n", "old.toml", {});
  EXPECT_EQ(recipe.rule.kind, "none");
  EXPECT_EQ(recipe.train.micro_batch, 5);
  EXPECT_THAT(recipe.notes, ElementsAre("train.chunk is called train.micro_batch now",
                                        "rule.kind = \"random\" is called \"none\" now"));
}

TEST(OldNames, AreUnderstoodOnTheCommandLine) {
  const std::vector<Override> overrides{{.key = "train.chunk", .value = "7"}};
  EXPECT_EQ(parse_recipe("[train]\nmicro_batch = 5\n", "new.toml", overrides).train.micro_batch, 7);
}

TEST(OldNames, BesideThePresentOneAreRefused) {
  EXPECT_THAT(
      testing::message_of<BadInput>([] { parse_recipe("[train]\nchunk = 5\nmicro_batch = 4\n", "both.toml", {}); }),
      HasSubstr("both.toml:2: train.micro_batch and its old name 'chunk' are both given"));
}

}  // namespace
}  // namespace biossl
