// The mathematics of the example rules: SoftHebb, self-contrastive forward-forward, BYOL, the broadcast of signs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "biossl/network/convolution_block.h"
#include "tests/rules/small_job.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::numeric_derivative;
using testing::relative_error;
using testing::small_images;
using testing::small_pairs;
using testing::values_of;
using testing::Work;

testing::SmallJob one_block(const std::string& rule, const Settings& settings) {
  testing::SmallJob job;
  job.device = Device::reference;
  job.dtype = DType::float64;
  job.rule_kind = rule;
  job.rule_settings = settings;
  job.spec.blocks = {{.channels = 4, .activation = Activation::tanh, .pool = 1, .bias = false, .conv = {1, 1, 0}}};
  job.spec.head = {.features = 3};
  return job;
}

/// What SoftHebb adds up for four units over one pixel wide kernels, so that the formula can be written down:
/// dW_k = sum y_k (x - u_k W_k). Scaled by its largest element.
std::vector<double> softhebb_update(const std::vector<double>& weights, const std::vector<double>& pixels,
                                    double sharpness) {
  std::vector<double> update(12, 0.0);
  for (std::size_t at = 0; at < pixels.size(); at += 3) {
    double u[4], p[4], sum = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      u[k] = 0;
      for (std::size_t c = 0; c < 3; ++c) u[k] += weights[3 * k + c] * pixels[at + c];
      p[k] = std::exp(sharpness * u[k]);
      sum += p[k];
    }
    const auto winner = static_cast<std::size_t>(std::max_element(u, u + 4) - u);
    for (std::size_t k = 0; k < 4; ++k) {
      const double y = (k == winner ? 1 : -1) * p[k] / sum;
      for (std::size_t c = 0; c < 3; ++c) update[3 * k + c] -= y * (pixels[at + c] - u[k] * weights[3 * k + c]);
    }
  }
  double largest = 0;
  for (const double value : update) largest = std::max(largest, std::abs(value));
  for (double& value : update) value /= largest;
  return update;
}

TEST(SoftHebb, FollowsItsFormula) {
  constexpr double sharpness = 1.5;
  Work work(one_block("softhebb", {{"sharpness", sharpness}, {"rate_power", 0.0}}));
  const Tensor images = small_images(small_pairs, DType::float64, Device::reference);
  const Synapses& synapses = work.network().block(0).synapses();
  const auto expected = softhebb_update(values_of(synapses.weights().values()), values_of(images), sharpness);
  work.step(images, 0.0);
  EXPECT_LT(relative_error(values_of(synapses.weight_update()), expected), 1e-9);
}

// The rate of unit k is | |W_k| - 1 |^power, for units that are longer than 1 and for such as are shorter.
TEST(SoftHebb, GivesEachUnitARateByTheLengthOfItsWeights) {
  constexpr double sharpness = 1.5;
  for (const double power : {0.5, 2.0}) {
    for (const double start : {25.0, 0.25}) {
      Work work(one_block("softhebb", {{"sharpness", sharpness}, {"rate_power", power}, {"start", start}}));
      const Tensor images = small_images(small_pairs, DType::float64, Device::reference);
      const Synapses& synapses = work.network().block(0).synapses();
      const std::vector<double> weights = values_of(synapses.weights().values());
      std::vector<double> expected = softhebb_update(weights, values_of(images), sharpness);
      for (std::size_t k = 0; k < 4; ++k) {
        double square = 0;
        for (std::size_t c = 0; c < 3; ++c) square += weights[3 * k + c] * weights[3 * k + c];
        const double length = std::sqrt(square);
        EXPECT_EQ(length < 1, start < 1);
        for (std::size_t c = 0; c < 3; ++c) expected[3 * k + c] *= std::pow(std::abs(length - 1), power);
      }
      work.step(images, 0.0);
      EXPECT_LT(relative_error(values_of(synapses.weight_update()), expected), 1e-9)
          << "power " << power << ", start " << start;
    }
  }
}

TEST(Scff, TheUpdateIsTheNumericDerivative) {
  Work work(one_block("scff", {{"negative_threshold", 0.2}, {"sparsity", 0.05}}));
  const Tensor images = small_images(small_pairs, DType::float64, Device::reference);
  Synapses& synapses = work.network().block(0).synapses();
  Tensor weights = synapses.weights().values();
  const auto loss = [&] {
    synapses.restored();
    return work.step(images, 0.0);
  };
  const std::vector<double> expected = numeric_derivative(weights, loss, 1e-6);
  loss();
  EXPECT_LT(relative_error(values_of(synapses.weight_update()), expected), 1e-6);
}

TEST(Byol, DescendsTowardsItsTargetsWhichFollowSlowly) {
  testing::SmallJob job = one_block("byol", {{"momentum", 0.75}, {"hidden", std::int64_t{5}}});
  Work work(job);
  const Tensor images = small_images(small_pairs, DType::float64, Device::reference);
  Synapses& synapses = work.network().block(0).synapses();
  const auto slow = [&] {
    for (const StateTensor& tensor : work.rule().state()) {
      if (tensor.name == "slow.blocks.0.weight") return values_of(tensor.tensor);
    }
    return std::vector<double>();
  };
  EXPECT_EQ(slow(), values_of(synapses.weights().values())) << "it starts as a copy";
  work.step(images, 0.5);
  std::vector<double> expected = slow();
  work.step(images, 0.5);
  const std::vector<double> now = values_of(synapses.weights().values());
  for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = 0.75 * expected[i] + 0.25 * now[i];
  EXPECT_LT(relative_error(slow(), expected), 1e-9);
  // With a rate of 0 targets and weights stand still, so that the update is the derivative of the loss.
  Work still(one_block("byol", {{"momentum", 1.0}, {"hidden", std::int64_t{5}}}));
  Synapses& its = still.network().block(0).synapses();
  Tensor weights = its.weights().values();
  const auto loss = [&] {
    its.restored();
    return still.step(images, 0.0);
  };
  const std::vector<double> derivative = numeric_derivative(weights, loss, 1e-6);
  loss();
  EXPECT_LT(relative_error(values_of(its.weight_update()), derivative), 1e-6);
}

/// The loss times a factor, with its errors.
class Scaled final : public Loss {
 public:
  Scaled(std::unique_ptr<Loss> loss, double factor) : loss_(std::move(loss)), factor_(factor) {}

  void evaluate(const Tensor& embeddings, const StepContext& context, Tensor& errors, Tensor& totals) override {
    loss_->evaluate(embeddings, context, errors, totals);
    for (double& error : errors.span<double>()) error *= factor_;
  }
  bool stops_gradient() const override { return false; }
  Plausibility plausibility() const override { return {}; }

 private:
  std::unique_ptr<Loss> loss_;
  double factor_;
};

std::vector<double> block_update(const std::string& rule, double factor) {
  testing::SmallJob job = one_block(rule, {});
  job.make_loss = [=](int block, std::int64_t features) -> std::unique_ptr<Loss> {
    const auto factory = testing::loss_factory("nt_xent", {}, small_pairs, testing::reference_setup());
    return std::make_unique<Scaled>(factory(block, features), factor);
  };
  Work work(job);
  work.step(small_images(small_pairs, DType::float64, Device::reference), 0.0);
  return values_of(work.network().block(0).synapses().weight_update());
}

TEST(SignBroadcast, ForgetsHowLargeTheErrorIs) {
  EXPECT_LT(relative_error(block_update("sign_broadcast", 3.0), block_update("sign_broadcast", 1.0)), 1e-12);
  std::vector<double> tripled = block_update("dfa", 1.0);
  for (double& value : tripled) value *= 3;
  EXPECT_LT(relative_error(block_update("dfa", 3.0), tripled), 1e-12);
}

TEST(ClappPlusHead, IsRefusedByRulesThatHandItNoOutputs) {
  for (const char* rule : {"e2e", "gll", "dfa", "dtp"}) {
    testing::SmallJob job;
    job.rule_kind = rule;
    job.spec.head.kind = "clapp_plus";
    EXPECT_THAT([&] { Work work(job); },
                ::testing::ThrowsMessage<std::invalid_argument>(::testing::HasSubstr("set rule.kind = \"local\"")))
        << rule;
  }
}

}  // namespace
}  // namespace biossl
