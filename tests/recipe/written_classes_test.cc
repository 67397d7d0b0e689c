#include "biossl/recipe/written_classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/error.h"
#include "biossl/recipe/recipe.h"

namespace biossl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(WrittenClasses, AreAbsentUntilTheyAreRegistered) {
  const std::string comment = "near and far (Python class some_rules.Near)";
  EXPECT_THAT(absent_classes("# " + comment + "\n# " + comment), ElementsAre("some_rules.Near"));
  EXPECT_EQ(summary_of_class("near and far", "some_rules.Near"), comment);
  EXPECT_THAT(absent_classes("# " + comment), IsEmpty());
}

TEST(WrittenClasses, AreNamedWhereARecipeCannotBeRead) {
  try {
    parse_recipe("[loss]\nkind = \"far\"  # apart (Python class some_rules.Far)\n", "mine.toml");
    FAIL() << "the loss is unknown";
  } catch (const BadInput& wrong) {
    EXPECT_THAT(wrong.what(), HasSubstr("there is no loss 'far'"));
    EXPECT_THAT(wrong.what(), HasSubstr("class some_rules.Far was registered: import it first"));
  }
}

}  // namespace
}  // namespace biossl
