// What the noise and eta of difference target propagation are: the formulas behind both options.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>

#include "biossl/rules/target_propagation.h"
#include "tests/rules/small_job.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::relative_error;
using testing::small_images;
using testing::small_pairs;
using testing::values_of;

constexpr int depth = 3;
constexpr std::uint64_t seed = 9;

/// A network whose weights are the same whatever the rule's seed is, and the rule on it. Inverses stand still.
struct Job {
  Network network;
  Settings loss_settings;
  TargetPropagation rule;

  explicit Job(const TargetPropagationOptions& options, std::uint64_t seed_of_rule = seed,
               const Settings& its_loss = testing::all_negatives())
      : network(testing::small_network(depth), {9, 11, 3}, testing::reference_setup()),
        loss_settings(its_loss),
        rule(options, {network, loss(), small_pairs, 1, seed_of_rule}) {}

  LossFactory loss() const {
    return testing::loss_factory("contrastive_hinge", loss_settings, small_pairs, network.setup());
  }
  void step(std::int64_t epoch = 0, std::int64_t batch = 0) {
    Tensor totals({2}, DType::float64, Device::reference);
    rule.step(small_images(small_pairs, DType::float64, Device::reference),
              {.epoch = epoch, .batch = batch, .learning_rate = 0.0, .labels = {}}, totals);
  }
  std::vector<double> inverse_update(int index) { return testing::updates(rule.inverse(index).synapses()); }
  std::vector<double> block_update(int index) { return testing::updates(network.block(index).synapses()); }
};

TargetPropagationOptions options_of(double noise, double eta = 0.5) {
  TargetPropagationOptions options;
  options.noise = noise;
  options.eta = eta;
  options.inverse_learning_rate = 0;
  return options;
}

/// Standard normal number i of a stream: Box-Muller on a pair of its words, radius from the first, angle from the
/// second; the cosine is the even number, the sine the odd one.
double normal(const Random& stream, std::size_t i) {
  const auto words = stream.words_at(static_cast<std::uint32_t>(i / 4));
  const std::size_t first = i % 4 / 2 * 2;
  const double u = 1.0 - std::floor(words[first] / 256.0) / 16777216.0;
  const double angle = 2.0 * std::numbers::pi * std::floor(words[first + 1] / 256.0) / 16777216.0;
  return std::sqrt(-2.0 * std::log(u)) * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

/// The update of an inverse that learns by itself from this input of its block.
std::vector<double> update_on(Job& alone, int index, const Tensor& input) {
  Block& block = alone.network.block(index);
  Activity tried = block.make_activity(input.extent(0), DType::float64, Device::reference);
  block.forward(input, tried, Mode::evaluation);
  Tensor error = input.clone();
  alone.rule.inverse(index).learn(tried.output, input, 0.0, error);
  return alone.inverse_update(index);
}

// Without noise an inverse learns from the activity itself; else from activity + noise * z, where z are the numbers of
// the stream that seed, epoch, batch and block name. Where the loss stops the gradient, activity is that of view 1.
TEST(TargetPropagationNoise, IsThatOfTheStreamOfSeedEpochBatchAndBlock) {
  const Settings stops_gradient{{"recent", std::int64_t{2}}, {"threshold", 3.0}};
  for (const Settings& loss : {testing::all_negatives(), stops_gradient}) {
    for (const double noise : {0.0, 0.3, 1.0}) {
      Job job(options_of(noise), seed, loss);
      Job alone(options_of(noise), seed, loss);
      job.step(2, 3);
      for (int index = 1; index < depth; ++index) {
        Tensor input = job.rule.activity(index - 1).clone();
        const std::vector<double> clean = update_on(alone, index, input);
        const Random stream(seed, Purpose::noise, 2, 3, static_cast<std::uint32_t>(index));
        for (std::int64_t i = 0; i < input.size(); ++i) {
          input.data<double>()[i] += noise * normal(stream, static_cast<std::size_t>(i));
        }
        const std::vector<double> update = job.inverse_update(index);
        EXPECT_LT(relative_error(update, update_on(alone, index, input)), 1e-10)
            << "noise " << noise << ", block " << index;
        if (noise == 0) {
          EXPECT_LT(relative_error(update, clean), 1e-12) << "block " << index;
        } else {
          EXPECT_GT(relative_error(update, clean), 1e-3) << "block " << index;
        }
      }
    }
  }
}

TEST(TargetPropagationNoise, DiffersBetweenBatchesEpochsAndSeeds) {
  const auto inverse_update = [](std::int64_t epoch, std::int64_t batch, std::uint64_t seed_of_rule) {
    Job job(options_of(1.0), seed_of_rule);
    job.step(epoch, batch);
    return job.inverse_update(1);
  };
  const std::vector<double> first = inverse_update(1, 2, seed);
  EXPECT_EQ(inverse_update(1, 2, seed), first);
  std::set<std::vector<double>> all{first};
  all.insert(inverse_update(1, 3, seed));
  all.insert(inverse_update(0, 2, seed));
  all.insert(inverse_update(1, 2, seed + 1));
  all.insert(inverse_update(1, 2, seed + (std::uint64_t{1} << 32)));  // the upper half of a seed counts too
  EXPECT_EQ(all.size(), 5U);
}

// The noise is for the inverses alone: what the blocks and the head learn from is the activity as it is.
TEST(TargetPropagationNoise, DoesNotReachWhatBlocksLearnFrom) {
  Job noisy(options_of(1.0));
  Job clean(options_of(0.0));
  noisy.step();
  clean.step();
  EXPECT_EQ(testing::updates(noisy.network), testing::updates(clean.network));
}

/// The derivative of the loss by the last block's output, over the head.
Tensor top_error(Job& job) {
  const Tensor output = job.rule.activity(depth - 1);
  Head& head = job.network.head(depth - 1);
  Tensor embeddings({output.extent(0), head.features()}, DType::float64, Device::reference);
  Tensor errors = embeddings.clone();
  Tensor totals({2}, DType::float64, Device::reference);
  Tensor error(output.shape(), DType::float64, Device::reference);
  head.forward(output, embeddings);
  job.loss()(depth - 1, head.features())->evaluate(embeddings, {}, errors, totals);
  head.backward(output, embeddings, errors, 0, output.extent(0), error);
  return error;
}

std::vector<double> times(double factor, std::vector<double> values) {
  for (double& value : values) value *= factor;
  return values;
}

TEST(TargetPropagationEta, IsHowFarTheTopTargetGoesDownTheError) {
  for (const double eta : {0.1, 0.5, 3.0}) {
    Job job(options_of(1.0, eta));
    job.step();
    const std::vector<double> error = values_of(top_error(job));
    EXPECT_NE(error, std::vector<double>(error.size(), 0.0));
    EXPECT_LT(relative_error(values_of(job.rule.target_difference(depth - 1)), times(-eta, error)), 1e-12) << eta;
  }
}

// At the top exactly, whatever eta is; below it where eta is so small that the inverses' nonlinearity does not show.
TEST(TargetPropagationEta, TwiceAsLargeItMakesTwiceTheDifference) {
  for (const double eta : {0.5, 1e-6}) {
    Job job(options_of(1.0, eta));
    Job twice(options_of(1.0, 2 * eta));
    job.step();
    twice.step();
    for (int index = 0; index < depth; ++index) {
      if (index < depth - 1 && eta > 1e-3) continue;
      const double tolerance = index == depth - 1 ? 1e-12 : 1e-4;
      const std::vector<double> difference = values_of(job.rule.target_difference(index));
      EXPECT_NE(difference, std::vector<double>(difference.size(), 0.0));
      EXPECT_LT(relative_error(values_of(twice.rule.target_difference(index)), times(2, difference)), tolerance)
          << "eta " << eta << ", block " << index;
      EXPECT_LT(relative_error(twice.block_update(index), times(2, job.block_update(index))), tolerance)
          << "eta " << eta << ", block " << index;
    }
  }
}

}  // namespace
}  // namespace biossl
