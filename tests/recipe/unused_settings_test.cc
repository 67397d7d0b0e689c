#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "biossl/core/error.h"
#include "biossl/network/block.h"
#include "biossl/recipe/recipe_difference.h"
#include "biossl/training/pretraining.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

// Settings that change nothing: refused where they can only be a mistake, noted where they may stand.

namespace biossl {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::message_of;
using ::testing::Not;
using testing::tiny_recipe;

TEST(UnusedSettings, ASizeThatImagesDoNotHaveIsRefused) {
  EXPECT_THAT(message_of<std::invalid_argument>([] {
                tiny_recipe({{"data.image_size", "64"}});
              }),
              HasSubstr("[data] image_size = 64 makes no sense here: the images of tiny are 8x8"));
  EXPECT_THAT(message_of<BadInput>([] { parse_recipe("[data]\nimage_size = 64\n", "c.toml"); }),
              HasSubstr("c.toml:2: [data] image_size = 64 makes no sense here: the images of cifar100 are 32x32"));
  EXPECT_EQ(tiny_recipe({{"data.image_size", "8"}}).data.image_size, 8);
}

TEST(UnusedSettings, ImagesOfOwnSizeGoBeforeThoseThatAreMade) {
  EXPECT_EQ(tiny_recipe().data.image_size, 8);
  EXPECT_EQ(tiny_recipe({{"data.probe", "world"}}).data.image_size, 8);
  EXPECT_EQ(tiny_recipe({{"data.pretrain", "world"}}).data.image_size, 8);
  const Recipe made = tiny_recipe({{"data.pretrain", "world"}, {"data.probe", "world"}, {"data.image_size", "64"}});
  EXPECT_EQ(made.data.image_size, 64);
  EXPECT_EQ(parse_recipe(to_toml(made), "again.toml").data.image_size, 64);
}

TEST(UnusedSettings, TheSizeInARecipeBelongsToTheSetThatItNames) {
  const char* world = "[data]\npretrain = \"world\"\nprobe = \"world\"\nimage_size = 64\n";
  const Recipe moved = parse_recipe(world, "w.toml", {{"data.pretrain", "tiny"}, {"data.probe", "tiny"}});
  EXPECT_EQ(moved.data.image_size, 8);
  EXPECT_THROW(parse_recipe(world, "w.toml", {{"data.pretrain", "tiny"}, {"data.image_size", "64"}}),
               std::invalid_argument);
}

TEST(UnusedSettings, AResolvedRecipeLeavesItOutAndAnOlderOneIsRead) {
  const std::string text = to_toml(tiny_recipe());
  EXPECT_THAT(text, Not(HasSubstr("image_size")));
  std::string older = text;
  older.replace(older.find("mean = "), 0, "image_size = 8\n");
  EXPECT_THAT(differences(parse_recipe(older, "older.toml"), tiny_recipe()), IsEmpty());
}

TEST(UnusedSettings, WhatChangesNothingIsNoted) {
  EXPECT_THAT(tiny_recipe({{"loss.negatives", "all"}, {"loss.recent", "9"}}).notes,
              ElementsAre("loss.recent = 9 changes nothing: negatives = \"all\" looks at the whole batch"));
  EXPECT_THAT(tiny_recipe({{"train.micro_batch", "5"}}).notes,
              ElementsAre("train.micro_batch = 5 changes nothing: train.batch is no larger"));
  EXPECT_THAT(tiny_recipe({{"loss.kind", "clapp"}}).notes,
              ElementsAre("network.head.features = 4 changes nothing: loss clapp predicts a whole map from another",
                          "network.head.bias = true changes nothing: loss clapp predicts a whole map from another"));
  EXPECT_THAT(tiny_recipe({{"loss.kind", "clapp_patches"}}).notes,
              Contains("network.head.features = 4 changes nothing: loss clapp_patches predicts the mean of a patch's "
                       "map from another's"));
  EXPECT_THAT(tiny_recipe({{"loss.kind", "hinge_patches"}, {"loss.negatives", "all"}, {"loss.recent", "9"}}).notes,
              ElementsAre("loss.recent = 9 changes nothing: negatives = \"all\" looks at the whole batch"));
  EXPECT_THAT(tiny_recipe({{"views.kind", "deform"}, {"views.affine", "0"}, {"views.perturb", "0.1"}}).notes,
              ElementsAre(HasSubstr("views.perturb = 0.1 changes nothing")));
  EXPECT_THAT(
      tiny_recipe({{"loss.positive_threshold", "1"}, {"loss.negative_threshold", "2"}, {"loss.margin", "3"}}).notes,
      ElementsAre(HasSubstr("loss.margin = 3.0 changes nothing")));
}

TEST(UnusedSettings, WhatIsUsedOrUsualIsNotNoted) {
  EXPECT_THAT(tiny_recipe({{"loss.recent", "9"}, {"train.micro_batch", "4"}}).notes, IsEmpty());
  EXPECT_THAT(tiny_recipe({{"loss.negatives", "all"}, {"loss.recent", "4"}}).notes, IsEmpty());
  const Recipe all = tiny_recipe({{"loss.negatives", "all"}});
  EXPECT_THAT(parse_recipe(to_toml(all), "resolved.toml").notes, IsEmpty());
}

struct PassingOptions {
  bool doubles = false;
  double factor = 2;

  template <class Visitor>
  void visit(Visitor& field) {
    field("doubles", doubles, "whether it does anything");
    field("factor", factor, "by which it multiplies");
    if (!doubles) field.unused("factor", "doubles = false multiplies nothing");
  }
};

/// A block that passes its input on.
class PassingBlock final : public Block {
 public:
  PassingBlock(const PassingOptions& /*options*/, const BlockSetup& setup)
      : plan_{.input = setup.input, .output = setup.input} {}
  const BlockPlan& plan() const override { return plan_; }
  std::string description() const override { return "passing"; }
  void forward(const Tensor& input, Activity& activity, Mode /*mode*/) const override { copy(input, activity.output); }
  void backward(BlockStep& step, Tensor& error_input) override {
    if (!error_input.empty()) copy(step.error, error_input);
  }
  void learn(BlockStep& /*step*/, const UpdateOptions& /*options*/) override {}
  void each_layer(const std::string& /*name*/, const LayerVisitor& /*visit*/) override {}

 private:
  BlockPlan plan_;
};

const Registration<BlockRegistry, PassingBlock, PassingOptions> passing("passing", "passes its input on");

TEST(UnusedSettings, OfBlocksAndDataSetsAreNotedToo) {
  const std::string blocks =
      "[data]\npretrain = \"tiny\"\nprobe = \"tiny\"\n[[network.blocks]]\nchannels = 4\n[[network.blocks]]\n"
      "kind = \"passing\"\nfactor = 3.0\n";
  EXPECT_THAT(parse_recipe(blocks, "b.toml").notes,
              ElementsAre("network.blocks.1.factor = 3.0 changes nothing: doubles = false multiplies nothing"));
  EXPECT_THAT(parse_recipe(blocks + "doubles = true\n", "b.toml").notes, IsEmpty());
  EXPECT_THAT(
      parse_recipe("[data]\npretrain = \"array\"\nprobe = \"array\"\n[data.array]\ncrop = 0.5\n", "d.toml").notes,
      Contains("data.array.crop = 0.5 changes nothing: images are cut only where resize scales them"));
}

TEST(UnusedSettings, ARunTellsThem) {
  const testing::TemporaryFolder folder;
  testing::StoppingReporter told;
  const Recipe recipe = tiny_recipe({{"train.epochs", "1"}, {"train.micro_batch", "9"}});
  pretrain(recipe, testing::here, folder.path() / "run", false, told);
  EXPECT_THAT(told.notes, HasSubstr("train.micro_batch = 9 changes nothing"));
}

}  // namespace
}  // namespace biossl
