#include <gtest/gtest.h>

#include <cmath>

#include "tests/rules/small_job.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::all_synapses;
using testing::relative_error;
using testing::small_images;
using testing::small_pairs;
using testing::values_of;
using testing::weights;
using testing::Work;

Work work_with(double noise, Device device) {
  return Work({.device = device, .feedback = {"noisy_transpose", {{"noise", noise}}}});
}

class NoisyTranspose : public ::testing::TestWithParam<Device> {};

TEST_P(NoisyTranspose, WithoutNoiseIsBackpropagationBitForBit) {
  Work ours = work_with(0.0, GetParam());
  Work backpropagation({.device = GetParam()});
  const Tensor images = small_images(small_pairs, DType::float32, GetParam());
  for (int step = 0; step < 4; ++step) {
    ours.step(images, 1e-3);
    backpropagation.step(images, 1e-3);
  }
  EXPECT_EQ(weights(ours.network()), weights(backpropagation.network()));
}

TEST_P(NoisyTranspose, DiffersFromTheWeightsByFreshNoiseOfTheGivenSize) {
  Work work = work_with(0.3, GetParam());
  Synapses& head = *all_synapses(work.network()).back();
  const std::vector<double> start = values_of(head.weights().values());
  const std::vector<double> path = values_of(head.path().values());
  EXPECT_NEAR(relative_error(path, start), 0.3, 0.03);
  EXPECT_EQ(values_of(head.path().values()), path) << "the same until the next step";
  work.step(small_images(small_pairs, DType::float32, GetParam()), 0.0);
  EXPECT_EQ(values_of(head.weights().values()), start) << "nothing has been learnt at a rate of 0";
  EXPECT_NEAR(relative_error(values_of(head.path().values()), path), 0.3 * std::sqrt(2.0), 0.06) << "drawn anew";
}

INSTANTIATE_TEST_SUITE_P(All, NoisyTranspose, ::testing::ValuesIn(testing::all_devices()), testing::DeviceName());

}  // namespace
}  // namespace biossl
