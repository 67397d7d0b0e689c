#include "biossl/recipe/written_classes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/error.h"
#include "biossl/recipe/recipe.h"
#include "tests/support/message_of.h"

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

TEST(WrittenClasses, AreFoundInTheCommentsOfTheirSection) {
  const std::string text =
      "[loss]\n  kind = \"a\"   # one (Python class some_rules.One)\n[[network.blocks]]\nkind=\"b\" # two # (Python "
      "class "
      "some_rules.Two)\n[rule]\nkind = \"c\"\nkinds = \"d\" # three";
  EXPECT_EQ(comment_of(text, "loss", "kind"), "one (Python class some_rules.One)");
  EXPECT_EQ(class_of_comment(comment_of(text, "network.blocks", "kind")), "some_rules.Two");
  EXPECT_EQ(comment_of(text, "rule", "kind"), "");
  EXPECT_EQ(comment_of(text, "train", "kind"), "");
  EXPECT_THAT(absent_classes(text, "network"), ElementsAre("some_rules.Two"));
  EXPECT_THAT(absent_classes(text), ElementsAre("some_rules.One", "some_rules.Two"));
}

TEST(WrittenClasses, ASectionIsFoundByItsNameInQuotes) {
  const std::string text = "[data.\"a]\\\"b\"] # c\nkind = \"d\"  # one (Python class some_sets.One)\n";
  EXPECT_EQ(comment_of(text, "data.\"a]\\\"b\"", "kind"), "one (Python class some_sets.One)");
  EXPECT_THAT(absent_classes(text, "data"), ElementsAre("some_sets.One"));
}

TEST(WrittenClasses, LinesThatOnlyBeginLikeAHeaderHideNoFault) {
  const std::string odd =
      "[published]\naccuracy = 50\nsource = \"\"\"\n[\n[[\n[ \n[\"a\n['\n\"\"\"\n[loss]\nkind = \"far\"\n";
  EXPECT_THAT(testing::message_of<BadInput>([&] { parse_recipe(odd, "mine.toml"); }),
              HasSubstr("there is no loss 'far'"));
  EXPECT_THAT(absent_classes("[\"\\"), IsEmpty());
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
