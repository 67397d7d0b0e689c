#include "biossl/recipe/component_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "biossl/recipe/component_kinds.h"
#include "biossl/recipe/recipe.h"
#include "biossl/recipe/recipe_sections.h"

namespace biossl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ComponentTable, IsInTheOrderOfAWrittenRecipe) {
  EXPECT_THAT(naming_sections(), ElementsAre("data", "views", "network", "loss", "rule", "train"));
  const std::string written = to_toml(parse_recipe("", "empty.toml"));
  std::size_t place = 0;
  for (const std::string& section : naming_sections()) {
    const std::size_t found = written.find("\n[" + section + "]\n", place);
    ASSERT_NE(found, std::string::npos) << section;
    place = found;
  }
}

TEST(ComponentTable, NamesWhatARecipeChooses) {
  const Recipe usual = parse_recipe("", "empty.toml");
  for (const ComponentRow& row : component_table()) {
    if (row.choice == nullptr) continue;
    const std::string key = row.keys.front();
    const std::string& kind = (usual.*row.choice).kind;
    EXPECT_TRUE(row.registry->contains(kind)) << key;
    EXPECT_THAT(to_toml(usual), HasSubstr("\n" + row.naming_key() + " = \"" + kind + "\"")) << key;
    const Recipe chosen = parse_recipe("", "set.toml", {{.key = key, .value = kind}});
    EXPECT_EQ(to_toml(chosen), to_toml(parse_recipe("", "set.toml"))) << key;
  }
}

TEST(ComponentTable, TellsEveryKeyThatNamesADataSet) {
  const ComponentKind sets = component_kinds().front();
  EXPECT_THAT(sets.keys, ElementsAre(::testing::StrEq("data.pretrain"), ::testing::StrEq("data.probe"),
                                     ::testing::StrEq("data.test")));
}

TEST(HeadSections, HoldALinearHeadForHeadsThatPredict) {
  for (const char* kind : {"linear", "prediction", "patch_prediction"}) EXPECT_TRUE(holds_linear_head(kind)) << kind;
  for (const char* kind : {"mlp", "pooled", "none", "auto", "unknown"}) EXPECT_FALSE(holds_linear_head(kind)) << kind;
}

}  // namespace
}  // namespace biossl
