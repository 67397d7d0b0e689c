// No recipe that ships is told of a collapse, or that nothing was learnt, in its first epochs. Every one runs on 20
// images of the built-in world, with a network of an eighth of its channels, so that all of them take seconds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <vector>

#include "biossl/core/file.h"
#include "biossl/recipe/shipped_texts.h"
#include "biossl/training/pretraining.h"
#include "tests/support/paths.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

void expect_no_alarm(std::string_view name, const std::string& text) {
  const std::string file = std::string(name) + ".toml";
  const Recipe shipped = parse_recipe(text, file);
  const std::string& images = shipped.data.pretrain;
  if (images == "folder" || images == "clips") return;  // the user's own pictures, learnt from as in demo.toml
  std::vector<Override> changes{{"data.images", "20"},
                                {"train.epochs", "1"},
                                {"train.batch", "10"},
                                {"train.precision", "float32"},
                                {"train.micro_batch", "0"}};
  if (!shipped.preset.empty()) changes.push_back({"network.width", "0.125"});
  if (shipped.loss.kind == "cross_entropy") changes.push_back({"network.head.features", "10"});
  if (images != "rhm") changes.insert(changes.end(), {{"data.pretrain", "world"}, {"data.probe", "world"}});
  if (shipped.views.kind == "crops") changes.push_back({"views.size", "32"});
  if (shipped.views.kind == "patches") changes.push_back({"data.image_size", "64"});
  const testing::TemporaryFolder folder;
  testing::StoppingReporter reporter;
  SCOPED_TRACE(name);
  const Recipe recipe = parse_recipe(text, file, changes);
  const auto metrics = pretrain(recipe, testing::here, folder.path() / "run", false, reporter).metrics();
  EXPECT_THAT(reporter.notes, AllOf(Not(HasSubstr("collapsed")), Not(HasSubstr("nothing was learnt"))));
  for (const EpochMetrics& epoch : metrics) EXPECT_FALSE(epoch.health.empty());
}

TEST(HealthOfShippedRecipes, RaisesNoAlarm) {
  for (const ShippedText& recipe : shipped_recipe_texts()) expect_no_alarm(recipe.path, std::string(recipe.text));
}

TEST(HealthOfShippedRecipes, OfExamplesRaisesNoAlarm) {
  for (const auto& file : std::filesystem::directory_iterator(testing::paths::source + std::string("/examples"))) {
    if (file.path().extension() == ".toml") expect_no_alarm(file.path().stem().string(), read_file(file.path()));
  }
}

}  // namespace
}  // namespace biossl
