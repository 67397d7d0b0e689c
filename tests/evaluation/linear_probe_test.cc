#include "biossl/evaluation/linear_probe.h"

#include <gtest/gtest.h>

#include "biossl/core/parallel.h"
#include "tests/support/devices.h"
#include "tests/support/temporary_folder.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

/// Points around one centre a class; `spread` of the noise.
Features clusters(std::int64_t images, std::int64_t features, std::int64_t classes, float spread, std::uint32_t seed) {
  const Tensor values = testing::random_tensor({images, features}, DType::float32, Device::cpu, seed, spread);
  Tensor labels({images}, DType::int32, Device::cpu);
  const Tensor centres = testing::random_tensor({classes, features}, DType::float32, Device::cpu, 99);
  for (std::int64_t i = 0; i < images; ++i) {
    const std::int64_t label = i % classes;
    labels.data<std::int32_t>()[i] = static_cast<std::int32_t>(label);
    for (std::int64_t k = 0; k < features; ++k) {
      values.data<float>()[i * features + k] += centres.data<float>()[label * features + k];
    }
  }
  return {values, labels};
}

/// The same features, kept otherwise.
Features kept_as(const FeatureStorage& kept, const Features& features) {
  FeatureTable values(features.values.shape(), kept, Device::cpu);
  values.write(0, features.values.in_memory());
  return {values, features.labels};
}

TEST(LinearProbe, ReadsOutSeparateClassesAndCountsEveryImage) {
  const Features train = clusters(230, 20, 5, 0.3F, 1);  // the last batch is short
  const Features test = clusters(103, 20, 5, 0.3F, 2);
  const ProbeResult result =
      train_linear_probe({train, test}, {.epochs = 60, .batch = 50, .learning_rate = 1e-2, .classes = 5, .seed = 1});
  EXPECT_GT(result.test_accuracy, 0.95);
  EXPECT_GT(result.train_accuracy, 0.95);
  std::int64_t counted = 0;
  for (const auto& row : result.confusion) {
    for (const std::int64_t count : row) counted += count;
  }
  EXPECT_EQ(counted, 103);
  EXPECT_EQ(result.per_class.size(), 5U);
}

TEST(LinearProbe, GuessingNamesTheCommonestLabel) {
  EXPECT_EQ(share_of_commonest({}), 0.0);
  EXPECT_EQ(share_of_commonest(std::vector<std::int32_t>{4}), 1.0);
  EXPECT_EQ(share_of_commonest(std::vector<std::int32_t>{0, 2, 1, 2, 2}), 0.6);
}

TEST(LinearProbe, LabelsWithoutMeaningStayAtChance) {
  Features train = clusters(400, 10, 4, 1.0F, 3);
  Random random(1, Purpose::sample);
  for (std::int32_t& label : train.labels.span<std::int32_t>()) label = static_cast<std::int32_t>(random.below(4));
  Features test = clusters(400, 10, 4, 1.0F, 4);
  for (std::int32_t& label : test.labels.span<std::int32_t>()) label = static_cast<std::int32_t>(random.below(4));
  const ProbeResult result =
      train_linear_probe({train, test}, {.epochs = 5, .batch = 100, .learning_rate = 1e-3, .classes = 4, .seed = 1});
  EXPECT_NEAR(result.test_accuracy, 0.25, 0.1);
}

TEST(Features, BlocksShareAsFewPassesAsFit) {
  using Passes = std::vector<std::vector<int>>;
  const std::vector<std::int64_t> bytes{8, 2, 4, 1, 2};
  EXPECT_EQ(share_passes(bytes, 17), (Passes{{0, 1, 2, 3, 4}}));
  EXPECT_EQ(share_passes(bytes, 16), (Passes{{0, 1, 2, 3}, {4}}));
  EXPECT_EQ(share_passes(bytes, 9), (Passes{{0}, {1, 2, 3, 4}}));
  EXPECT_EQ(share_passes(bytes, 0), (Passes{{0}, {1}, {2}, {3}, {4}})) << "memory unknown";
}

TEST(LinearProbe, SameSeedSameResultAndBfloat16IsNearFloat32) {
  const Features train = clusters(300, 64, 10, 1.5F, 5);
  const Features test = clusters(300, 64, 10, 1.5F, 6);
  const ProbeOptions options{.epochs = 30, .batch = 64, .learning_rate = 1e-2, .classes = 10, .seed = 7};
  const ProbeResult first = train_linear_probe({train, test}, options);
  const ProbeResult second = train_linear_probe({train, test}, options);
  EXPECT_EQ(first.final_loss, second.final_loss);
  EXPECT_EQ(first.confusion, second.confusion);
  const FeatureStorage narrow{.dtype = DType::bfloat16};
  const ProbeResult rounded = train_linear_probe({kept_as(narrow, train), kept_as(narrow, test)}, options);
  EXPECT_NEAR(rounded.test_accuracy, first.test_accuracy, 0.03);
}

TEST(LinearProbe, ValidationChoosesTheEpochAndTheTestReadsThatOne) {
  const Features train = clusters(40, 30, 4, 3.0F, 1);  // few images, which the probe learns by heart
  const Features validation = clusters(60, 30, 4, 3.0F, 2);
  const Features test = clusters(200, 30, 4, 3.0F, 3);
  ProbeOptions options{.epochs = 40, .batch = 10, .learning_rate = 3e-2, .classes = 4, .seed = 7};
  const ProbeResult chosen = train_linear_probe({train, test, validation}, options);
  const ProbeResult last = train_linear_probe({train, test}, options);
  EXPECT_FALSE(last.validation_accuracy.has_value());
  EXPECT_EQ(last.chosen_epoch, 40);
  ASSERT_TRUE(chosen.validation_accuracy.has_value());
  ASSERT_LT(chosen.chosen_epoch, 40);
  EXPECT_EQ(chosen.final_loss, last.final_loss) << "validation changes nothing of the training";
  options.epochs = chosen.chosen_epoch;
  const ProbeResult stopped = train_linear_probe({train, test}, options);
  EXPECT_EQ(chosen.confusion, stopped.confusion);
  EXPECT_EQ(train_linear_probe({train, validation}, options).test_accuracy, *chosen.validation_accuracy);
  EXPECT_THROW(train_linear_probe({train, test, clusters(60, 29, 4, 1.0F, 2)}, options), std::invalid_argument);
}

TEST(LinearProbe, FeaturesInAFileGiveTheSameBits) {
  const testing::TemporaryFolder folder;
  const Features train = clusters(230, 37, 5, 1.5F, 5);
  const Features test = clusters(103, 37, 5, 1.5F, 6);
  const ProbeOptions options{.epochs = 3, .batch = 50, .learning_rate = 1e-2, .classes = 5, .seed = 7};
  for (const DType dtype : {DType::float32, DType::bfloat16}) {
    const FeatureStorage memory{.dtype = dtype};
    const FeatureStorage file{.dtype = dtype, .folder = folder.path()};
    const ProbeResult here = train_linear_probe({kept_as(memory, train), kept_as(memory, test)}, options);
    const ProbeResult there = train_linear_probe({kept_as(file, train), kept_as(file, test)}, options);
    EXPECT_EQ(here.final_loss, there.final_loss);
    EXPECT_EQ(here.confusion, there.confusion);
    EXPECT_EQ(here.train_accuracy, there.train_accuracy);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(LinearProbe, TheNumberOfThreadsDoesNotMatter) {
  const int before = threads();
  const Features train = clusters(230, 4000, 5, 3.0F, 5);
  const ProbeOptions options{.epochs = 2, .batch = 50, .learning_rate = 1e-2, .classes = 5, .seed = 7};
  set_threads(1);
  const ProbeResult one = train_linear_probe({train, train}, options);
  set_threads(3);
  const ProbeResult three = train_linear_probe({train, train}, options);
  set_threads(before);
  EXPECT_EQ(one.final_loss, three.final_loss);
  EXPECT_EQ(one.confusion, three.confusion);
}

class LinearProbeOn : public ::testing::TestWithParam<Device> {};

TEST_P(LinearProbeOn, LearnsWhatItLearnsOnTheReferenceDevice) {
  const auto on = [](Device device, const Features& features) {
    return Features{on_device(features.values.in_memory(), device), features.labels};
  };
  const Features train = clusters(53, 21, 3, 1.0F, 5);
  const Features test = clusters(40, 21, 3, 1.0F, 6);
  const ProbeOptions options{.epochs = 3, .batch = 20, .learning_rate = 1e-2, .classes = 3, .seed = 7};
  const ProbeResult expected = train_linear_probe({on(Device::reference, train), on(Device::reference, test)}, options);
  const ProbeResult result = train_linear_probe({on(GetParam(), train), on(GetParam(), test)}, options);
  EXPECT_NEAR(result.final_loss, expected.final_loss, 1e-5);
  EXPECT_EQ(result.confusion, expected.confusion);
  EXPECT_EQ(result.train_accuracy, expected.train_accuracy);
  EXPECT_GT(result.test_accuracy, 0.5);
}

INSTANTIATE_TEST_SUITE_P(All, LinearProbeOn, ::testing::ValuesIn(testing::compared_devices()), testing::DeviceName());

TEST(LinearProbe, RefusesWhatDoesNotMatch) {
  const Features train = clusters(50, 8, 5, 1.0F, 1);
  EXPECT_THROW(train_linear_probe({train, clusters(50, 9, 5, 1.0F, 1)}, {}), std::invalid_argument);
  EXPECT_THROW(train_linear_probe({train, train}, {.classes = 4}), std::invalid_argument);
}

}  // namespace
}  // namespace biossl
