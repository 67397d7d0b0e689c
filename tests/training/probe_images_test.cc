// Which images a probe is trained, validated and tested on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "biossl/core/file.h"
#include "biossl/training/experiment.h"
#include "tests/support/message_of.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tiny.h"

namespace biossl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::here;
using testing::message_of;
using testing::tiny_recipe;

/// Every image as its bytes.
std::multiset<std::string> images_of(const Dataset& dataset) {
  std::multiset<std::string> images;
  std::string bytes(static_cast<std::size_t>(dataset.image_shape().size()), '\0');
  for (std::int32_t row = 0; row < dataset.size(); ++row) {
    dataset.fetch(std::span(&row, 1), reinterpret_cast<std::uint8_t*>(bytes.data()));
    images.insert(bytes);
  }
  return images;
}

std::vector<std::string> in_both(const std::multiset<std::string>& one, const std::multiset<std::string>& other) {
  std::vector<std::string> both;
  std::ranges::set_intersection(one, other, std::back_inserter(both));
  return both;
}

TEST(ProbeImages, AShareForTheTestIsNeitherLearntFromNorTrainedOn) {
  const Recipe recipe = tiny_recipe({{"data.test_share", "0.3"}});
  const auto test = images_of(*open_probe_images(recipe, here, ProbePart::test));
  const auto train = images_of(*open_probe_images(recipe, here, ProbePart::train));
  const auto pretrain = images_of(*open_pretraining_images(recipe, here));
  EXPECT_EQ(test.size() + train.size(), 22U);
  EXPECT_EQ(test.size(), 6U);  // 2 of 8, 2 of 7, 2 of 7
  EXPECT_EQ(pretrain, train);
  EXPECT_TRUE(in_both(test, train).empty());

  const Recipe fewer = tiny_recipe({{"data.test_share", "0.3"}, {"data.images", "5"}, {"data.test_images", "4"}});
  EXPECT_EQ(open_pretraining_images(fewer, here)->size(), 5);
  const auto fewer_tests = images_of(*open_probe_images(fewer, here, ProbePart::test));
  EXPECT_EQ(in_both(fewer_tests, test).size(), 4U);
  const Recipe too_many = tiny_recipe({{"data.test_share", "0.3"}, {"data.test_images", "7"}});
  EXPECT_THAT(message_of<BadInput>([&] { open_probe_images(too_many, here, ProbePart::test); }),
              HasSubstr("asks for 7 test images of tiny, which has 6"));
}

TEST(ProbeImages, LabelsAndValidationAreSharesOfTheTrainingImages) {
  const Recipe all = tiny_recipe();
  const Recipe recipe = tiny_recipe({{"probe.labels", "0.5"}, {"probe.validation", "0.25"}});
  const auto train = images_of(*open_probe_images(recipe, here, ProbePart::train));
  const auto validation = images_of(*open_probe_images(recipe, here, ProbePart::validation));
  EXPECT_EQ(validation.size(), 3U);  // 1 of 4, of 3 and of 3
  EXPECT_EQ(train.size() + validation.size(), 10U);
  EXPECT_TRUE(in_both(train, validation).empty());
  EXPECT_EQ(in_both(train, images_of(*open_probe_images(all, here, ProbePart::train))).size(), train.size());
  EXPECT_EQ(images_of(*open_probe_images(recipe, here, ProbePart::test)),
            images_of(*open_probe_images(all, here, ProbePart::test)));
}

TEST(ProbeImages, TheTestMayBeOnAnotherDataSet) {
  const Recipe recipe = tiny_recipe({{"data.test", "world"}, {"data.test_images", "9"}});
  const auto test = open_probe_images(recipe, here, ProbePart::test);
  EXPECT_EQ(test->size(), 9);
  EXPECT_EQ(test->image_shape(), Shape({8, 8, 3}));
  EXPECT_THAT(message_of<BadInput>([&] { require_images(recipe, here); }), HasSubstr("both need the same classes"));
}

TEST(ProbeImages, ResultsSayWhatWasValidatedAndOnHowManyImagesTheProbeIsTrained) {
  const testing::TemporaryFolder folder;
  const Recipe recipe = tiny_recipe({{"probe.validation", "0.25"}, {"probe.epochs", "4"}});
  Reporter quiet;
  const ProbeReport report = run_experiment(recipe, here, folder.path() / "run", false, quiet);
  const ProbeResult& result = report.trained.back().result;
  ASSERT_TRUE(result.validation_accuracy.has_value());
  EXPECT_LE(result.chosen_epoch, 4);
  const auto summary = nlohmann::json::parse(read_file(folder.path() / "run" / "summary.json"));
  EXPECT_EQ(summary.at("probe").at("images"), 16);
  EXPECT_EQ(summary.at("probe").at("validation_accuracy"), *result.validation_accuracy);
  EXPECT_EQ(summary.at("probe").at("chosen_epoch"), result.chosen_epoch);
}

TEST(ProbeImages, ImpossibleSharesAreRefused) {
  for (const auto& [key, value] : {std::pair{"data.test_share", "1"}, std::pair{"probe.validation", "1.0"},
                                   std::pair{"probe.labels", "0"}, std::pair{"probe.labels", "1.5"}}) {
    EXPECT_THROW(tiny_recipe({{key, value}}), std::invalid_argument) << key;
  }
  const Recipe recipe = tiny_recipe({{"probe.labels", "0.01"}, {"probe.validation", "0.5"}});
  EXPECT_THAT(message_of<BadInput>([&] { require_images(recipe, here); }),
              AllOf(HasSubstr("leave no validation images"), HasSubstr("two labelled images")));
}

TEST(ProbeImages, ARunThatSharesItsImagesWithTheTestGoesOnWithTheSameShareOnly) {
  const testing::TemporaryFolder folder;
  const auto recipe = [](const char* share, const char* labels) {
    return tiny_recipe({{"train.precision", "float32"}, {"data.test_share", share}, {"probe.labels", labels}});
  };
  Reporter quiet;
  run_experiment(recipe("0.3", "1"), here, folder.path() / "run", false, quiet);
  const RunDirectory run = RunDirectory::open(folder.path() / "run");
  EXPECT_NO_THROW(run.require_continues(recipe("0.3", "0.5"), here.device));
  EXPECT_THAT(message_of<std::invalid_argument>([&] { run.require_continues(recipe("0.2", "1"), here.device); }),
              HasSubstr("data.test_share"));
}

}  // namespace
}  // namespace biossl
