#include "biossl/evaluation/linear_probe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <span>
#include <utility>

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

/// The definition of a probe on features in memory, in plain loops and double.
class PlainProbe {
 public:
  PlainProbe(const Features& train, const ProbeOptions& options)
      : options_(options),
        inputs_(testing::values_of(train.values.in_memory())),
        labels_(testing::values_of(train.labels)),
        features_(inputs_.size() / labels_.size()),
        classes_(static_cast<std::size_t>(options.classes)),
        values_(classes_ * (features_ + 1)),
        mean_(values_.size()),
        square_(values_.size()) {
    Random random(options.seed, Purpose::probe_weights);
    const float bound = 1.0F / std::sqrt(static_cast<float>(features_));
    for (double& value : values_) value = static_cast<double>(random.uniform(-bound, bound));
  }

  /// One number after another: weights (classes, F), then the bias.
  const std::vector<double>& values() const { return values_; }

  /// (N, classes) by such numbers, of the training images in their own order.
  std::vector<double> logits(const std::vector<double>& values) const {
    std::vector<double> all;
    for (std::size_t image = 0; image < labels_.size(); ++image) {
      for (std::size_t c = 0; c < classes_; ++c) {
        double logit = values[classes_ * features_ + c];
        for (std::size_t k = 0; k < features_; ++k) {
          logit += values[c * features_ + k] * inputs_[image * features_ + k];
        }
        all.push_back(logit);
      }
    }
    return all;
  }

  /// Returns the mean loss of its images.
  double train_epoch() {
    Random random(options_.seed, Purpose::probe_shuffle, epoch_++);
    std::vector<std::size_t> order(labels_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t left = order.size(); left > 1; --left) {
      std::swap(order[left - 1], order[random.below(static_cast<std::uint32_t>(left))]);
    }
    double sum = 0;
    const auto batch = static_cast<std::size_t>(options_.batch);
    for (std::size_t first = 0; first < order.size(); first += batch) {
      sum += learn(std::span(order).subspan(first, std::min(batch, order.size() - first)));
    }
    return sum / static_cast<double>(order.size());
  }

 private:
  /// Returns the sum of the images' losses.
  double learn(std::span<const std::size_t> images) {
    double sum = 0;
    std::vector<double> update(values_.size());
    const std::vector<double> of_all = logits(values_);
    for (const std::size_t image : images) {
      const double* const row = &of_all[image * classes_];
      const auto label = static_cast<std::size_t>(labels_[image]);
      double total = 0;
      for (std::size_t c = 0; c < classes_; ++c) total += std::exp(row[c]);
      sum += std::log(total) - row[label];
      for (std::size_t c = 0; c < classes_; ++c) {
        const double error = (std::exp(row[c]) / total - (c == label ? 1 : 0)) / static_cast<double>(images.size());
        for (std::size_t k = 0; k < features_; ++k) {
          update[c * features_ + k] += error * inputs_[image * features_ + k];
        }
        update[classes_ * features_ + c] += error;
      }
    }
    take_adam(update);
    return sum;
  }

  void take_adam(const std::vector<double>& update) {
    ++steps_;
    for (std::size_t i = 0; i < update.size(); ++i) {
      mean_[i] = 0.9 * mean_[i] + 0.1 * update[i];
      square_[i] = 0.999 * square_[i] + 0.001 * update[i] * update[i];
      const double corrected = mean_[i] / (1 - std::pow(0.9, steps_));
      values_[i] -= options_.learning_rate * corrected / (std::sqrt(square_[i] / (1 - std::pow(0.999, steps_))) + 1e-8);
    }
  }

  ProbeOptions options_;
  std::vector<double> inputs_, labels_;
  std::size_t features_, classes_;
  std::vector<double> values_, mean_, square_;
  std::uint32_t epoch_ = 0;
  int steps_ = 0;
};

/// What a probe has learnt, in the order of PlainProbe.
std::vector<double> numbers_of(const LinearProbe& probe) {
  std::vector<double> numbers = testing::values_of(probe.weights());
  std::ranges::copy(testing::values_of(probe.bias()), std::back_inserter(numbers));
  return numbers;
}

// Batches of 10, 10 and 3 images: Adam sees no factor that all updates have, but would see that of sums in place of
// means, which is smaller for the short batch.
TEST(LinearProbe, LearnsWhatPlainLoopsLearn) {
  const Features train = clusters(23, 7, 4, 1.0F, 5);
  const ProbeOptions options{.epochs = 2, .batch = 10, .learning_rate = 3e-2, .classes = 4, .seed = 7};
  for (const Device device : testing::all_devices()) {
    const Features there{on_device(train.values.in_memory(), device), train.labels};
    LinearProbe probe({there, there}, options);
    PlainProbe expected(train, options);
    EXPECT_LT(testing::relative_error(numbers_of(probe), expected.values()), 1e-6) << name_of(device) << ", at first";
    double loss = 0;
    for (std::int64_t epoch = 1; epoch <= options.epochs; ++epoch) {
      loss = expected.train_epoch();
      EXPECT_NEAR(probe.train_epoch() / loss, 1, 1e-5) << name_of(device) << ", epoch " << epoch;
      EXPECT_LT(testing::relative_error(numbers_of(probe), expected.values()), 1e-5) << name_of(device);
    }
    const std::vector<double> logits = expected.logits(expected.values());
    EXPECT_LT(testing::relative_error(expected.logits(numbers_of(probe)), logits), 1e-5) << name_of(device);
    std::vector<std::vector<std::int64_t>> confusion(4, std::vector<std::int64_t>(4));
    for (std::size_t image = 0; image < 23; ++image) {
      const auto row = std::span(logits).subspan(4 * image, 4);
      const auto label = static_cast<std::size_t>(train.labels.data<std::int32_t>()[image]);
      ++confusion[label][static_cast<std::size_t>(std::ranges::max_element(row) - row.begin())];
    }
    const ProbeResult result = probe.test();
    EXPECT_NEAR(result.final_loss / loss, 1, 1e-5) << name_of(device);
    EXPECT_EQ(result.confusion, confusion) << name_of(device);
  }
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
