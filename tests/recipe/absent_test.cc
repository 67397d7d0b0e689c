#include "biossl/recipe/absent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/error.h"
#include "biossl/recipe/components.h"
#include "biossl/recipe/written_classes.h"
#include "tests/support/message_of.h"

// A recipe for reading a network names components that nobody has registered.

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::message_of;

constexpr const char* text = R"(name = "theirs"
[data]
pretrain = "their_images"
probe = "their_set"
images = 7
[data.their_images]
side = 9
mean = 0.5
[data.their_set]
kind = "their_kind"  # noise (Python class theirs.Noise)
[views]
kind = "their_views"  # cut (Python class theirs.Views)
[network.head]
hidden = 5
[loss]
kind = "their_loss"  # near and far (Python class theirs.Loss)
margin = 2.0
[rule]
kind = "their_rule"
feedback = "their_path"  # noisy
turns = 3
[feedback]
noise = 0.25
[train]
optimizer = "their_steps"
[optimizer]
momentum = 0.5
)";

const ReadingTraits mlp{.head = "mlp", .predictions = 1, .whole_images = true, .uses_labels = true};

Recipe read(const std::vector<Override>& changes = {}) { return parse_recipe(text, "theirs.toml", changes, mlp); }

TEST(Absent, ComponentsKeepTheirSettings) {
  const Recipe recipe = read();
  std::vector<std::string> keys;
  for (const AbsentComponent& it : recipe.absent) keys.push_back(it.key);
  EXPECT_THAT(keys, ElementsAre("data.their_images.kind", "data.their_set.kind", "views.kind", "loss.kind", "rule.kind",
                                "rule.feedback", "train.optimizer"));
  EXPECT_EQ(recipe.loss.settings, (Settings{{"margin", 2.0}}));
  EXPECT_EQ(recipe.rule.settings, (Settings{{"turns", std::int64_t{3}}}));
  EXPECT_EQ(recipe.feedback.settings, (Settings{{"noise", 0.25}}));
  EXPECT_EQ(data_set(recipe, "their_images").images.mean, 0.5);
}

TEST(Absent, ComponentsAreWrittenAsTheyWereRead) {
  const std::string written = to_toml(read());
  EXPECT_EQ(to_toml(parse_recipe(written, "theirs.toml", {}, mlp)), written);
  for (const char* line : {"their_loss\"               # near and far (Python class theirs.Loss)", "margin = 2.0",
                           "their_kind\"", "(Python class theirs.Noise)", "side = 9", "turns = 3", "hidden = 5"}) {
    EXPECT_THAT(written, HasSubstr(line));
  }
  EXPECT_THAT(written, ::testing::Not(HasSubstr("image_size")));
  const std::string sized = to_toml(read({{"data.image_size", "48"}}));
  EXPECT_THAT(sized, HasSubstr("image_size = 48"));
}

TEST(Absent, NamesAndKeysOfAnyKindAreWrittenAsTheyWereRead) {
  const std::string odd =
      "[data]\npretrain = \"my [set]\"\nprobe = \"my [set]\"\n[data.\"my [set]\"]\nkind = \"theirs\"  # noise (Python "
      "class theirs.Noise)\n\"gr\xC3\xB6\xC3\x9F"
      "e\" = 1\n\"a.b\" = 2\n[loss]\nkind = \"far\"\n\"two words\" = 3\n";
  const std::string written = to_toml(parse_recipe(odd, "odd.toml", {}, mlp));
  const Recipe again = parse_recipe(written, "again.toml", {}, mlp);
  EXPECT_EQ(to_toml(again), written);
  EXPECT_EQ(data_set(again, "my [set]").settings, (Settings{{"gr\xC3\xB6\xC3\x9F"
                                                             "e",
                                                             std::int64_t{1}},
                                                            {"a.b", std::int64_t{2}}}));
  EXPECT_EQ(again.loss.settings, (Settings{{"two words", std::int64_t{3}}}));
  ASSERT_NE(absent_of(again, "data.my [set].kind"), nullptr);
  EXPECT_EQ(absent_of(again, "data.my [set].kind")->comment, "noise (Python class theirs.Noise)");
}

TEST(Absent, ACommentOfSeveralLinesIsWrittenOnOne) {
  Recipe recipe = read();
  for (AbsentComponent& it : recipe.absent) it.comment = "near\n[rule]\r\nkind = \"none\"";
  const std::string written = to_toml(recipe);
  EXPECT_THAT(written, HasSubstr("\"their_loss\"               # near?[rule]??kind = \"none\"\n"));
  EXPECT_EQ(parse_recipe(written, "again.toml", {}, mlp).rule.kind, "their_rule");
}

TEST(Absent, OnlyReadingDoesWithoutThem) {
  EXPECT_THAT(message_of<BadInput>([] { parse_recipe(text, "theirs.toml"); }), HasSubstr("there is no"));
  const Recipe recipe = read();
  EXPECT_THAT(message_of<BadInput>([&] { require_registered(recipe); }), HasSubstr("data set 'their_images' here"));
  EXPECT_THAT(message_of<BadInput>([&] { require_registered(recipe, "loss.kind"); }),
              HasSubstr("there is no loss 'their_loss' here, which is the Python class theirs.Loss: import it first"));
  EXPECT_NO_THROW(require_registered(recipe, "network.head.kind"));
  const auto network = make_network(recipe, {8, 8, 3}, Device::reference);
  EXPECT_EQ(network->spec().head.kind, "mlp");
  EXPECT_THROW(make_rule(recipe, *network), BadInput);
  EXPECT_THROW(open_images(recipe, {}, "their_set", Split::train, 0), BadInput);
}

TEST(Absent, ANewNameIsAMistake) {
  EXPECT_THAT(message_of<std::invalid_argument>([] { read({{"loss.kind", "nt_xnt"}}); }), HasSubstr("nt_xent"));
  EXPECT_THAT(message_of<std::invalid_argument>([] { read({{"data.probe", "wrld"}}); }), HasSubstr("world"));
  EXPECT_EQ(read({{"loss.kind", "nt_xent"}, {"network.head.kind", "mlp"}}).loss.kind, "nt_xent");
}

TEST(Absent, OptionsMayHaveChangedSince) {
  const std::string changed = "[loss]\nkind = \"contrastive_hinge\"\nrate = 2.0\n";
  const Recipe recipe = parse_recipe(changed, "run.toml", {}, mlp);
  ASSERT_EQ(recipe.absent.size(), 1U);
  EXPECT_TRUE(recipe.absent[0].has_other_options);
  EXPECT_EQ(recipe.loss.settings, (Settings{{"rate", 2.0}}));
  EXPECT_THAT(message_of<BadInput>([&] { require_registered(recipe); }),
              HasSubstr("the loss 'contrastive_hinge' that is registered here has other options"));
  EXPECT_THAT(message_of<BadInput>([&] { parse_recipe(changed, "run.toml"); }), HasSubstr("'rate'"));
  const Override mistake{.key = "loss.rate", .value = "3.0", .option = "--set"};
  EXPECT_THAT(message_of<std::invalid_argument>([&] { parse_recipe("", "run.toml", {mistake}, mlp); }),
              HasSubstr("'rate'"));
}

TEST(Absent, BlocksAndHeadsAreNeeded) {
  const std::string block = "[[network.blocks]]\nkind = \"their_block\"  # twice (Python class theirs.Block)\n";
  EXPECT_THAT(message_of<BadInput>([&] { parse_recipe(text + block, "theirs.toml", {}, mlp); }),
              AllOf(HasSubstr("there is no block 'their_block'"), HasSubstr("class theirs.Block was registered"),
                    ::testing::Not(HasSubstr("theirs.Loss"))));
  EXPECT_THAT(message_of<BadInput>([&] { parse_recipe(text, "theirs.toml", {}, ReadingTraits{.head = "their_head"}); }),
              HasSubstr("there is no head 'their_head'"));
}

TEST(Absent, ViewsThatShowSomethingElseAreNeeded) {
  EXPECT_EQ(reading_views(read()).kind, "identity");
  const Recipe recipe = parse_recipe(text, "theirs.toml", {}, ReadingTraits{.head = "mlp", .whole_images = false});
  EXPECT_THAT(message_of<BadInput>([&] { view_plan(recipe, {8, 8, 3}); }), HasSubstr("theirs.Views: import it first"));
}

TEST(Absent, TraitsAreThoseOfTheComponents) {
  const Recipe recipe = parse_recipe("[loss]\nkind = \"cross_entropy\"\n[views]\nkind = \"patches\"\n", "own.toml");
  const ReadingTraits traits = reading_traits(recipe, network_spec(recipe));
  EXPECT_EQ(traits.head, "linear");
  EXPECT_FALSE(traits.whole_images);
  EXPECT_TRUE(traits.uses_labels);
  const ReadingTraits handed_on = reading_traits(read(), network_spec(read()));
  EXPECT_EQ(handed_on.head, "mlp");
  EXPECT_TRUE(handed_on.whole_images && handed_on.uses_labels);
}

}  // namespace
}  // namespace biossl
