// What each path is, on one layer that learns: its name, its weights, how they change and where they stay.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "biossl/network/convolution_synapses.h"
#include "biossl/ops/ops.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::random_tensor;
using testing::relative_error;
using testing::values_of;

/// Where the built-in paths must work alike; float64 lives on the reference device.
struct Where {
  Device device;
  DType dtype;
};

std::vector<Where> places() {
  std::vector<Where> places{{Device::reference, DType::float64}};
  for (const Device device : testing::all_devices()) {
    for (const DType dtype : testing::activity_types()) places.push_back({device, dtype});
  }
  return places;
}

struct WhereName {
  std::string operator()(const ::testing::TestParamInfo<Where>& info) const {
    return fmt::format("{}_{}", name_of(info.param.device), name_of(info.param.dtype));
  }
};

constexpr double bound = 0.19245008972987526;  // 1 / sqrt(27): 3x3 weights from 3 channels
constexpr double largest = bound * (1 + 1e-6);

/// A convolution that learns from random activity and errors.
class Layer {
 public:
  Layer(const Where& where, const std::string& feedback, const Settings& settings = {}, std::uint32_t index = 2)
      : where_(where), synapses_(setup(where, feedback, settings), {6, 7, 3}, 16, Conv2d{}, true, index) {}

  void learn(std::uint32_t seed) {
    const Tensor pre = random_tensor({2, 6, 7, 3}, where_.dtype, where_.device, seed);
    const Tensor error = random_tensor({2, 6, 7, 16}, where_.dtype, where_.device, seed + 1000);
    synapses_.learn(pre, error, 0.05);
  }
  /// Takes over everything that a checkpoint of the other would hold.
  void resume(Layer& other) {
    const State from = other.synapses_.state("", true);
    State to = synapses_.state("", true);
    for (std::size_t i = 0; i < from.size(); ++i) copy(from[i].tensor, to[i].tensor);
    synapses_.restored();
  }
  std::vector<double> forward() { return values_of(synapses_.weights().values()); }
  std::vector<double> path() { return values_of(synapses_.path().values()); }
  /// A tensor of the path's state.
  Tensor state(const std::string& name) {
    for (const StateTensor& tensor : synapses_.state("", true)) {
      if (tensor.name == "feedback." + name) return tensor.tensor;
    }
    return {};
  }
  Synapses& synapses() { return synapses_; }

 private:
  static SynapsesSetup setup(const Where& where, const std::string& feedback, const Settings& settings) {
    SynapsesSetup setup;
    setup.device = where.device;
    setup.dtype = where.dtype;
    setup.feedback = {feedback, settings};
    setup.optimizer = OptimizerRegistry::instance().make("adam", {});
    return setup;
  }

  Where where_;
  ConvolutionSynapses synapses_;
};

double root_mean_square(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value * value;
  return std::sqrt(sum / static_cast<double>(values.size()));
}

std::vector<double> difference(const std::vector<double>& one, const std::vector<double>& other) {
  std::vector<double> result;
  for (std::size_t i = 0; i < one.size(); ++i) result.push_back(one[i] - other[i]);
  return result;
}

std::vector<double> magnitudes(std::vector<double> values) {
  for (double& value : values) value = std::abs(value);
  return values;
}

void expect_signs_of(const std::vector<double>& path, const std::vector<double>& forward) {
  for (std::size_t i = 0; i < path.size(); ++i) {
    ASSERT_EQ((path[i] > 0) - (path[i] < 0), (forward[i] > 0) - (forward[i] < 0)) << "weight " << i;
  }
}

/// The registered paths that are for this device: one of your own may be written for the host alone.
std::vector<std::string> paths_for(const Where& where) {
  std::vector<std::string> names = FeedbackRegistry::instance().names();
  std::erase_if(names, [&](const std::string& name) {
    try {
      const Layer made(where, name);
      return false;
    } catch (const std::invalid_argument&) {
      return where.device == Device::cuda;
    }
  });
  return names;
}

TEST(Feedback, EveryPathSaysTheNameItIsChosenBy) {
  for (const std::string& name : FeedbackRegistry::instance().names()) {
    EXPECT_EQ(FeedbackRegistry::instance().make(name, {})->name(), name);
    Layer layer({Device::cpu, DType::float32}, name);
    EXPECT_EQ(layer.synapses().feedback().name(), name);
    EXPECT_EQ(layer.synapses().path_record().feedback, name);
  }
}

class FeedbackOn : public ::testing::TestWithParam<Where> {
 protected:
  void SetUp() override { testing::skip_unless_computed(GetParam().device, GetParam().dtype); }
};

TEST_P(FeedbackOn, TransposeIsTheForwardWeights) {
  Layer layer(GetParam(), "transpose");
  layer.learn(1);
  EXPECT_EQ(layer.synapses().path().values().raw(), layer.synapses().weights().values().raw());
  EXPECT_NEAR(layer.synapses().path_record().alignment, 1.0, 1e-12);
}

TEST_P(FeedbackOn, FixedRandomIsDrawnLikeTheForwardWeightsAndNeverChanges) {
  Layer layer(GetParam(), "fixed_random");
  const std::vector<double> start = layer.path();
  const std::vector<double> forward = layer.forward();
  EXPECT_NEAR(root_mean_square(start), bound / std::sqrt(3.0), 0.1 * bound);
  for (const double value : start) ASSERT_LE(std::abs(value), largest);
  EXPECT_LT(std::abs(layer.synapses().path_record().alignment), 0.2) << "432 independent weights";
  EXPECT_NE(start, Layer(GetParam(), "fixed_random", {}, 3).path()) << "each layer has its own";
  for (std::uint32_t step = 0; step < 5; ++step) layer.learn(step);
  EXPECT_EQ(layer.path(), start);
  EXPECT_EQ(values_of(layer.state("weight")), start);
  EXPECT_NE(layer.forward(), forward);
}

TEST_P(FeedbackOn, UpdatedRandomReceivesTheForwardWeightsIncrements) {
  Layer layer(GetParam(), "updated_random");
  const std::vector<double> offset = values_of(layer.state("offset"));
  const std::vector<double> path = layer.path();
  const std::vector<double> forward = layer.forward();
  EXPECT_LT(relative_error(path, Layer(GetParam(), "fixed_random").path()), 1e-6) << "starts where RF stays";
  for (std::uint32_t step = 0; step < 5; ++step) {
    layer.learn(step);
    ASSERT_EQ(values_of(layer.state("offset")), offset);
    const std::vector<double> increment = difference(layer.forward(), forward);
    EXPECT_GT(root_mean_square(increment), 0.01);
    EXPECT_LT(relative_error(difference(layer.path(), path), increment), 1e-5);
  }
  std::size_t tensors = 0;
  for (const StateTensor& tensor : layer.synapses().state("", true)) tensors += tensor.name.starts_with("feedback.");
  EXPECT_EQ(tensors, 1U) << "no optimiser state of its own";
}

TEST_P(FeedbackOn, WeightsAreTakenFromOutsideByPathsThatHaveTheirOwn) {
  for (const std::string name : {"transpose", "fixed_random", "updated_random", "usf", "brsf", "frsf"}) {
    Layer layer(GetParam(), name);
    layer.learn(0);
    const bool has_own = name.ends_with("_random");
    Tensor wanted = layer.synapses().weights().values().clone();
    ops::scale(wanted, -0.5, wanted);
    const std::vector<double> before = layer.path();
    ASSERT_EQ(layer.synapses().set_feedback(wanted), has_own) << name;
    const std::vector<double> set = has_own ? values_of(wanted) : before;
    EXPECT_LT(relative_error(layer.path(), set), 1e-6) << name;

    const std::vector<double> forward = layer.forward();
    layer.learn(1);
    if (name == "fixed_random") {
      EXPECT_EQ(layer.path(), set);
    } else if (name == "updated_random") {
      EXPECT_LT(relative_error(difference(layer.path(), set), difference(layer.forward(), forward)), 1e-5);
    }
  }
}

TEST_P(FeedbackOn, APathOfItsOwnStaysWhereItIsWhenWeightsAreSet) {
  for (const std::string name : {"fixed_random", "updated_random"}) {
    Layer layer(GetParam(), name);
    layer.learn(0);
    const std::vector<double> before = layer.path();
    Tensor none = layer.synapses().weights().values().clone();
    none.fill_zero();
    layer.synapses().set_weights(none);
    EXPECT_EQ(root_mean_square(layer.forward()), 0) << name;
    EXPECT_LT(relative_error(layer.path(), before), 1e-6) << name;
  }
}

TEST_P(FeedbackOn, SignPathsFollowTheSigns) {
  for (const char* name : {"usf", "brsf", "frsf"}) {
    Layer layer(GetParam(), name);
    const std::vector<double> start = layer.forward();
    EXPECT_NEAR(root_mean_square(layer.path()), bound / std::sqrt(3.0), 0.1 * bound);
    for (std::uint32_t step = 0; step < 5; ++step) {
      expect_signs_of(layer.path(), layer.forward());
      layer.learn(step);
    }
    int turned = 0;
    for (std::size_t i = 0; i < start.size(); ++i) turned += start[i] * layer.forward()[i] < 0;
    EXPECT_GT(turned, 20) << "some signs must have changed for this test to say anything";
    Tensor weights = layer.synapses().weights().values();
    weights.fill_zero();
    layer.synapses().restored();
    EXPECT_EQ(layer.path(), std::vector<double>(start.size(), 0.0)) << "sign(0) = 0";
  }
}

TEST_P(FeedbackOn, SignPathsDifferInTheirMagnitudes) {
  Layer uniform(GetParam(), "usf");
  Layer renewed(GetParam(), "brsf");
  Layer fixed(GetParam(), "frsf");
  const auto size_of_path = [](Layer& layer) { return magnitudes(layer.path()); };
  const std::vector<double> fixed_start = size_of_path(fixed);
  const std::vector<double> renewed_start = size_of_path(renewed);
  EXPECT_EQ(size_of_path(renewed), renewed_start) << "drawn anew only after a change";
  for (Layer* layer : {&uniform, &renewed, &fixed}) layer->learn(1);
  EXPECT_EQ(size_of_path(fixed), fixed_start);
  EXPECT_EQ(magnitudes(values_of(fixed.state("magnitude"))), fixed_start);
  EXPECT_GT(relative_error(size_of_path(renewed), renewed_start), 0.3) << "independent draws";
  for (const double size : size_of_path(uniform)) ASSERT_NEAR(size, bound / std::sqrt(3.0), 1e-6);
}

TEST_P(FeedbackOn, ScaleIsTheRootMeanSquareOfASignPath) {
  for (const char* name : {"usf", "brsf", "frsf"}) {
    Layer layer(GetParam(), name, {{"scale", 2.0}});
    EXPECT_NEAR(root_mean_square(layer.path()), 2.0, std::string(name) == "usf" ? 1e-6 : 0.2);
    EXPECT_THROW(Layer(GetParam(), name, {{"scale", -1.0}}), std::invalid_argument);
  }
}

TEST_P(FeedbackOn, ErrorsCrossALayerAsOnTheReference) {
  const auto [device, dtype] = GetParam();
  for (const std::string& name : paths_for(GetParam())) {
    Layer ours(GetParam(), name);
    Layer reference({Device::reference, dtype}, name);
    for (std::uint32_t step = 0; step < 3; ++step) reference.learn(step);
    ours.resume(reference);
    Tensor expected = testing::poisoned({2, 6, 7, 3}, dtype, Device::reference);
    Tensor crossed = testing::poisoned({2, 6, 7, 3}, dtype, device);
    reference.synapses().send_back(random_tensor({2, 6, 7, 16}, dtype, Device::reference, 9), expected);
    ours.synapses().send_back(random_tensor({2, 6, 7, 16}, dtype, device, 9), crossed);
    EXPECT_LT(relative_error(crossed, expected), testing::tolerance(dtype)) << name;
    EXPECT_EQ(ours.synapses().path_record().errors_sent, 1) << name;
  }
}

// A resumed run asks for F at a moment of its own; what it gets may depend on nothing else.
TEST_P(FeedbackOn, EveryPathIsAFunctionOfWeightsStepsAndState) {
  for (const std::string& name : paths_for(GetParam())) {
    Layer asked(GetParam(), name);
    Layer late(GetParam(), name);
    for (std::uint32_t step = 0; step < 4; ++step) {
      asked.path();
      asked.path();
      asked.learn(step);
      late.learn(step);
    }
    EXPECT_EQ(asked.path(), late.path()) << name;
    Layer resumed(GetParam(), name);
    resumed.resume(late);
    EXPECT_EQ(resumed.path(), late.path()) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, FeedbackOn, ::testing::ValuesIn(places()), WhereName());

}  // namespace
}  // namespace biossl
