#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/devices.h"
#include "tests/support/job.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::Job;
using testing::job_images;
using testing::relative_error;
using testing::values_of;

Job job_with(double noise, Device device) {
  return Job({.device = device,
              .loss_settings = testing::all_negatives(),
              .feedback = "noisy_transpose",
              .feedback_settings = {{"noise", noise}}});
}

class NoisyTranspose : public ::testing::TestWithParam<Device> {};

TEST_P(NoisyTranspose, WithoutNoiseIsBackpropagationBitForBit) {
  Job ours = job_with(0.0, GetParam());
  Job backpropagation({.device = GetParam(), .loss_settings = testing::all_negatives()});
  const Tensor images = job_images(Job::pairs, DType::float32, GetParam());
  for (int step = 0; step < 4; ++step) {
    ours.step(images, 1e-3);
    backpropagation.step(images, 1e-3);
  }
  EXPECT_EQ(ours.weights(), backpropagation.weights());
}

TEST_P(NoisyTranspose, DiffersFromTheWeightsByFreshNoiseOfTheGivenSize) {
  Job job = job_with(0.3, GetParam());
  Synapses& head = *job.synapses().back();
  const std::vector<double> start = values_of(head.weights().values());
  const std::vector<double> path = values_of(head.path().values());
  EXPECT_NEAR(relative_error(path, start), 0.3, 0.03);
  EXPECT_EQ(values_of(head.path().values()), path) << "the same until the next step";
  job.step(job_images(Job::pairs, DType::float32, GetParam()), 0.0);
  EXPECT_EQ(values_of(head.weights().values()), start) << "nothing has been learnt at a rate of 0";
  EXPECT_NEAR(relative_error(values_of(head.path().values()), path), 0.3 * std::sqrt(2.0), 0.06) << "drawn anew";
}

INSTANTIATE_TEST_SUITE_P(All, NoisyTranspose, ::testing::ValuesIn(testing::all_devices()), testing::DeviceName());

}  // namespace
}  // namespace biossl
