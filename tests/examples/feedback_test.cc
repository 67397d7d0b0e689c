// The example paths that learn: Kolen-Pollack and the weight mirror.
#include <gtest/gtest.h>

#include <cmath>

#include "biossl/network/convolution_synapses.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::random_tensor;
using testing::values_of;

SynapsesSetup setup_with(const FeedbackFactory& feedback, const std::string& optimizer) {
  SynapsesSetup setup;
  setup.feedback = feedback;
  setup.optimizer = OptimizerRegistry::instance().make(optimizer, {});
  return setup;
}

std::vector<double> difference(ConvolutionSynapses& synapses) {
  std::vector<double> values = values_of(synapses.path().values());
  const std::vector<double> forward = values_of(synapses.weights().values());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] -= forward[i];
  return values;
}

// F - W shrinks by 1 - lambda a step, whatever is learnt and by whichever optimiser.
TEST(KolenPollack, ForwardAndFeedbackWeightsApproachEachOtherByTheDecay) {
  constexpr double decay = 0.125;
  for (const char* optimizer : {"sgd", "adam"}) {
    ConvolutionSynapses synapses(setup_with({"kolen_pollack", {{"decay", decay}}}, optimizer), {6, 7, 3}, 16, Conv2d{},
                                 true, 2);
    std::vector<double> expected = difference(synapses);
    for (std::uint32_t step = 0; step < 4; ++step) {
      const std::vector<double> before = values_of(synapses.weights().values());
      synapses.learn(random_tensor({2, 6, 7, 3}, DType::float32, Device::cpu, step),
                     random_tensor({2, 6, 7, 16}, DType::float32, Device::cpu, 100 + step), 0.05);
      EXPECT_NE(values_of(synapses.weights().values()), before);
      for (double& value : expected) value *= 1 - decay;
      const std::vector<double> now = difference(synapses);
      for (std::size_t i = 0; i < now.size(); ++i) ASSERT_NEAR(now[i], expected[i], 1e-6) << optimizer;
    }
  }
}

TEST(KolenPollack, RefusesADecayThatTurnsWeightsOver) {
  EXPECT_THROW(FeedbackRegistry::instance().make("kolen_pollack", {{"decay", 1.0}}), std::invalid_argument);
}

TEST(WeightMirror, AlignsWithTheForwardWeightsWithoutAnyError) {
  ConvolutionSynapses synapses(setup_with({"weight_mirror", {}}, "sgd"), {6, 7, 3}, 16, Conv2d{}, true, 2);
  const double before = synapses.path_record().alignment;
  for (std::int64_t batch = 0; batch < 300; ++batch) synapses.feedback().between_steps(synapses, {.batch = batch});
  const PathRecord record = synapses.path_record();
  EXPECT_LT(std::abs(before), 0.3);
  EXPECT_GT(record.alignment, 0.95);
  EXPECT_EQ(record.errors_sent, 0);
  EXPECT_EQ(synapses.steps(), 0);
}

}  // namespace
}  // namespace biossl
