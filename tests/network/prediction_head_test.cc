#include "biossl/network/prediction_head.h"

#include <gtest/gtest.h>

#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::random_tensor;
using testing::relative_error;
using testing::values_of;

const Shape map{3, 2, 5};
constexpr std::int64_t pairs = 4;
constexpr Conv2d one_by_one{.kernel = 1, .stride = 1, .padding = 0};

class PredictionHeadOn : public ::testing::TestWithParam<Device> {
 protected:
  void SetUp() override {
    setup_.device = GetParam();
    setup_.optimizer = OptimizerRegistry::instance().make("sgd", {});
    head_ = std::make_unique<PredictionHead>(NoOptions(), HeadSetup{.map = map, .synapses = setup_, .index = 7});
    Workspace::fit(GetParam(), [&](Workspace& workspace) { head_->prepare(2 * 6, workspace); });  // more than the batch
    activity_ = maps(2 * pairs, 1);
    embeddings_ = testing::poisoned({2 * pairs, map.size()}, DType::float32, GetParam());
    errors_ = random_tensor({2 * pairs, map.size()}, DType::float32, GetParam(), 2);
    head_->forward(activity_, embeddings_);
  }

  Tensor maps(std::int64_t rows, std::uint32_t seed) const {
    return random_tensor(batch_of(rows, map), DType::float32, GetParam(), seed);
  }
  Tensor as_maps(const Tensor& rows) const { return rows.reshaped(batch_of(rows.extent(0), map)); }
  /// The error of rows [begin, end) of the activity.
  std::vector<double> learn(std::int64_t begin, std::int64_t end) {
    Tensor error = testing::poisoned(batch_of(end - begin, map), DType::float32, GetParam());
    head_->backward(activity_, embeddings_, errors_, begin, end, error);
    head_->learn(activity_, begin, end, 0.0);
    return values_of(error);
  }

  SynapsesSetup setup_;
  std::unique_ptr<PredictionHead> head_;
  Tensor activity_, embeddings_, errors_;
};

TEST_P(PredictionHeadOn, PredictsViewOneFromViewZero) {
  EXPECT_EQ(head_->features(), map.size());
  Tensor predicted = testing::poisoned(batch_of(pairs, map), DType::float32, GetParam());
  ops::conv2d_forward(activity_.rows(0, pairs), head_->synapses().weights(), {}, one_by_one, Activation::none,
                      predicted);
  EXPECT_EQ(values_of(embeddings_.rows(0, pairs)), values_of(predicted));
  EXPECT_EQ(values_of(embeddings_.rows(pairs, 2 * pairs)), values_of(activity_.rows(pairs, 2 * pairs)));
}

TEST_P(PredictionHeadOn, SendsErrorsBackAndLearnsFromThePredictionsAlone) {
  const std::vector<double> error = learn(0, 2 * pairs);
  Tensor through = testing::poisoned(batch_of(pairs, map), DType::float32, GetParam());
  ops::conv2d_backward_data(as_maps(errors_.rows(0, pairs)), head_->synapses().weights(), one_by_one, through);
  std::vector<double> expected = values_of(through);
  const std::vector<double> targets = values_of(errors_.rows(pairs, 2 * pairs));
  expected.insert(expected.end(), targets.begin(), targets.end());
  EXPECT_EQ(error, expected);
  Tensor update = testing::poisoned({map[2], 1, 1, map[2]}, DType::float32, GetParam());
  Tensor no_bias;
  ops::conv2d_backward_weights(activity_.rows(0, pairs), as_maps(errors_.rows(0, pairs)), one_by_one, update, no_bias);
  EXPECT_EQ(values_of(head_->synapses().weight_update()), values_of(update));
  EXPECT_EQ(head_->synapses().steps(), 1);
}

TEST_P(PredictionHeadOn, TakesAnyRowsOfTheBatch) {
  const std::vector<double> all = learn(0, 2 * pairs);
  const auto part_of_all = [&](std::int64_t begin, std::int64_t end) {
    return std::vector<double>(all.begin() + begin * map.size(), all.begin() + end * map.size());
  };
  for (const auto& [begin, end] : {std::pair{1L, 7L}, {0L, 3L}, {2L, 4L}}) {
    EXPECT_LE(relative_error(learn(begin, end), part_of_all(begin, end)), 1e-6);
  }
  const std::int64_t steps = head_->synapses().steps();
  EXPECT_EQ(learn(5, 8), part_of_all(5, 8));
  EXPECT_EQ(head_->synapses().steps(), steps) << "without an error of predictions there is nothing to learn";
}

TEST_P(PredictionHeadOn, LearnsWithoutABlockToLearnBelowIt) {
  learn(0, 2 * pairs);
  const std::vector<double> update = values_of(head_->synapses().weight_update());
  Tensor none;
  head_->backward(activity_, embeddings_, errors_, 0, 2 * pairs, none);
  head_->learn(activity_, 0, 2 * pairs, 0.0);
  EXPECT_EQ(values_of(head_->synapses().weight_update()), update);
}

INSTANTIATE_TEST_SUITE_P(All, PredictionHeadOn, ::testing::ValuesIn(testing::all_devices()), testing::DeviceName());

}  // namespace
}  // namespace biossl
