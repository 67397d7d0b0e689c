// The formula of direct feedback alignment: the error of block l's output is R_l e.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/rules/small_job.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::relative_error;
using testing::small_images;
using testing::small_pairs;
using testing::Work;

constexpr std::uint64_t seed = 5;

Settings loss_settings(bool stops_gradient) {
  if (!stops_gradient) return testing::all_negatives();
  return {{"recent", std::int64_t{2}}, {"threshold", 3.0}};
}

testing::SmallJob job_of(bool stops_gradient, Device device, DType dtype) {
  testing::SmallJob job;
  job.rule_kind = "dfa";
  job.loss_settings = loss_settings(stops_gradient);
  job.device = device;
  job.dtype = dtype;
  job.seed = seed;
  return job;
}

Tensor doubles(const Shape& shape) { return {shape, DType::float64, Device::reference}; }

/// R_l e for every row of the errors e (N, D), where R_l (H' W' C', D) has the numbers of the block's own stream, row
/// by row.
Tensor broadcast(const Tensor& errors, int block, const Shape& map) {
  const std::int64_t features = errors.extent(1);
  const float bound = 1.0F / std::sqrt(static_cast<float>(features));
  Random random(seed, "dfa.broadcast", 0, static_cast<std::uint32_t>(block));
  std::vector<double> matrix(static_cast<std::size_t>(map.size() * features));
  for (double& element : matrix) element = static_cast<double>(random.symmetric(bound));
  Tensor sent = doubles(batch_of(errors.extent(0), map));
  for (std::int64_t row = 0; row < errors.extent(0); ++row) {
    for (std::int64_t unit = 0; unit < map.size(); ++unit) {
      double sum = 0;
      for (std::int64_t k = 0; k < features; ++k) {
        sum += matrix[static_cast<std::size_t>(unit * features + k)] * errors.data<double>()[row * features + k];
      }
      sent.data<double>()[row * map.size() + unit] = sum;
    }
  }
  return sent;
}

std::vector<double> updates_of(Block& block) {
  std::vector<double> all;
  block.each_layer("", [&](const std::string&, Synapses& synapses) {
    const std::vector<double> more = testing::updates(synapses);
    all.insert(all.end(), more.begin(), more.end());
  });
  return all;
}

/// The updates that a batch is to give the blocks of a network, and behind them the head: each block by itself, from
/// its input and the error that the formula has for it, view 0 having none where the loss stops its gradient. Left in
/// the network as its updates.
std::vector<std::vector<double>> expected_updates(Network& network, const Settings& settings, const Tensor& images) {
  const int top = network.depth() - 1;
  const std::int64_t rows = images.extent(0);
  std::vector<BlockStep> steps;
  Tensor output = images;
  for (int index = 0; index <= top; ++index) {
    const Block& block = network.block(index);
    Activity activity = block.make_activity(rows, DType::float64, Device::reference);
    block.forward(output, activity, Mode::training);
    steps.push_back({.input = output,
                     .activity = activity,
                     .error = {},
                     .scratch = doubles({rows * block.plan().backward_scratch})});
    output = activity.output;
  }
  Head& head = network.head(top);
  Tensor embeddings = doubles({rows, head.features()});
  Tensor errors = doubles(embeddings.shape());
  Tensor totals = doubles({2});
  head.forward(output, embeddings);
  const LossFactory loss = testing::loss_factory("contrastive_hinge", settings, small_pairs, network.setup());
  loss(top, head.features())->evaluate(embeddings, {}, errors, totals);
  Tensor goes_no_further;
  std::vector<std::vector<double>> updates;
  for (int index = 0; index <= top; ++index) {
    Block& block = network.block(index);
    BlockStep& step = steps[static_cast<std::size_t>(index)];
    step.error = broadcast(errors, index, block.plan().output);
    block.backward(step, goes_no_further);
    block.learn(step, 0.0);
    updates.push_back(updates_of(block));
  }
  head.backward(output, embeddings, errors, 0, rows, goes_no_further);
  head.learn(output, 0, rows, 0.0);
  updates.push_back(testing::updates(head.synapses()));
  return updates;
}

/// Compares batches of these sizes, one after the other: an error that an earlier one has left behind shows.
void expect_formula(const testing::SmallJob& job) {
  Work work(job);
  Work alone(job);  // a network with the same weights
  const int top = work.network().depth() - 1;
  for (const std::int64_t count : {small_pairs, std::int64_t{2}, small_pairs}) {
    const Tensor images = small_images(count, DType::float64, Device::reference);
    work.step(images, 0.0);
    const auto expected = expected_updates(alone.network(), job.loss_settings, images);
    for (int index = 0; index <= top; ++index) {
      const std::vector<double>& its = expected[static_cast<std::size_t>(index)];
      EXPECT_LT(relative_error(updates_of(work.network().block(index)), its), 1e-12)
          << "block " << index << ", " << count << " pairs";
      if (its.empty()) continue;  // a block without layers
      EXPECT_NE(its, std::vector<double>(its.size(), 0.0)) << "block " << index;
    }
    EXPECT_LT(relative_error(testing::updates(work.network().head(top).synapses()), expected.back()), 1e-12)
        << "head, " << count << " pairs";
  }
}

TEST(DirectFeedbackFormula, EveryBlockLearnsFromTheTopErrorOverItsOwnMatrix) {
  for (const bool stops_gradient : {false, true}) {
    expect_formula(job_of(stops_gradient, Device::reference, DType::float64));
  }
}

// Such a block has the rows of view 0 learnt from too, with an error of zero.
TEST(DirectFeedbackFormula, HoldsWhereABlockNeedsTheWholeBatch) {
  for (const bool stops_gradient : {false, true}) {
    testing::SmallJob job = job_of(stops_gradient, Device::reference, DType::float64);
    BlockSpec norm;
    norm.kind = "batch_norm";
    job.spec.blocks.insert(job.spec.blocks.begin() + 1, norm);
    expect_formula(job);
  }
}

TEST(DirectFeedbackFormula, AnotherSeedHasOtherMatrices) {
  std::vector<std::vector<double>> all;
  for (const std::uint64_t of_rule : {seed, seed + 1}) {
    const SynapsesSetup setup = testing::reference_setup();
    Network network(testing::small_network(), {9, 11, 3}, setup);  // the same weights both times
    const LossFactory loss = testing::loss_factory("contrastive_hinge", loss_settings(false), small_pairs, setup);
    const auto rule = RuleRegistry::instance().make("dfa", {}, RuleSetup{network, loss, small_pairs, 1, of_rule});
    Tensor totals = doubles({2});
    rule->step(small_images(small_pairs, DType::float64, Device::reference), {}, totals);
    all.push_back(updates_of(network.block(0)));
  }
  EXPECT_NE(all[0], all[1]);
}

class DirectFeedbackOn : public ::testing::TestWithParam<Device> {};

TEST_P(DirectFeedbackOn, EqualsReference) {
  for (const bool stops_gradient : {false, true}) {
    for (const std::int64_t count : {small_pairs, std::int64_t{2}}) {  // a full batch and a short last one
      Work reference(job_of(stops_gradient, Device::reference, DType::float32));
      Work work(job_of(stops_gradient, GetParam(), DType::float32));
      const double expected = reference.step(small_images(count, DType::float32, Device::reference), 0.0);
      const double loss = work.step(small_images(count, DType::float32, GetParam()), 0.0);
      EXPECT_NEAR(loss / expected, 1.0, 1e-5);
      const auto ours = testing::all_synapses(work.network());
      const auto theirs = testing::all_synapses(reference.network());
      for (std::size_t i = 0; i < ours.size(); ++i) {
        EXPECT_LT(relative_error(testing::updates(*ours[i]), testing::updates(*theirs[i])), 1e-4) << "synapses " << i;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, DirectFeedbackOn, ::testing::ValuesIn(testing::compared_devices()),
                         testing::DeviceName());

}  // namespace
}  // namespace biossl
