#include <gtest/gtest.h>

#include "tests/support/devices.h"
#include "tests/support/job.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using testing::all_negatives;
using testing::Job;
using testing::job_images;
using testing::relative_error;

Job job_on(Device device, DType dtype, const Settings& loss_settings) {
  return Job({.device = device, .dtype = dtype, .loss_settings = loss_settings});
}

TEST(EndToEnd, UpdatesAreTheNumericDerivativesOfTheLoss) {
  Job job = job_on(Device::reference, DType::float64, all_negatives());
  const Tensor batch = job_images(Job::pairs, DType::float64, Device::reference);
  job.step(batch, 0.0);
  State weights = job.network->state(false);
  const std::vector<double> computed = job.updates();
  std::vector<double> numeric;
  for (StateTensor& tensor : weights) {
    for (double& weight : tensor.tensor.span<double>()) {
      const double before = weight;
      const double nudge = 1e-6;
      weight = before + nudge;
      const double above = job.step(batch, 0.0);
      weight = before - nudge;
      const double below = job.step(batch, 0.0);
      weight = before;
      numeric.push_back((above - below) / (2 * nudge));
    }
  }
  ASSERT_EQ(numeric.size(), computed.size());
  EXPECT_LE(relative_error(computed, numeric), 1e-5);
}

TEST(EndToEnd, CpuEqualsReference) {
  for (const DType dtype : testing::compute_types()) {
    for (const std::int64_t count : {Job::pairs, std::int64_t{2}}) {  // a full batch and a short last one
      Job reference = job_on(Device::reference, dtype, all_negatives());
      Job cpu = job_on(Device::cpu, dtype, all_negatives());
      const double expected = reference.step(job_images(count, dtype, Device::reference), 0.0);
      const double loss = cpu.step(job_images(count, dtype, Device::cpu), 0.0);
      const bool wide = dtype == DType::float32;
      EXPECT_NEAR(loss / expected, 1.0, wide ? 1e-5 : 2e-2);
      // The error is a sum of signs: where rounding turns one, an update jumps, so bfloat16 can only be near.
      EXPECT_LE(relative_error(cpu.updates(), reference.updates()), wide ? 1e-4 : 0.15) << name_of(dtype);
    }
  }
}

TEST(EndToEnd, GradientBlockLeavesTheMemoryWithoutAnyInfluenceOnUpdatesButThroughTheLoss) {
  // With one pair, view 0 enters only through the sign of b - a; changing a without changing the signs changes no
  // update.
  Job job = job_on(Device::reference, DType::float64, {{"recent", std::int64_t{1}}, {"threshold", 1.0}});
  Tensor batch = job_images(1, DType::float64, Device::reference);
  job.step(batch, 0.0);
  const std::vector<double> before = job.updates();
  for (double& pixel : batch.rows(0, 1).span<double>()) pixel *= 1.0001;
  job.step(batch, 0.0);
  EXPECT_EQ(before, job.updates());
  EXPECT_NE(before, std::vector<double>(before.size(), 0.0));
}

TEST(EndToEnd, LossFallsOnABatchLearntOverAndOver) {
  for (const Device device : testing::all_devices()) {
    Job job = job_on(device, DType::float32, all_negatives());
    const Tensor batch = job_images(Job::pairs, DType::float32, device);
    const double first = job.step(batch, 1e-3);
    double last = first;
    for (int step = 0; step < 30; ++step) last = job.step(batch, 1e-3);
    EXPECT_LT(last, 0.9 * first) << name_of(device);
  }
}

TEST(EndToEnd, SameSeedSameBytesOtherSeedOtherBytes) {
  Job first = job_on(Device::cpu, DType::float32, all_negatives());
  Job second = job_on(Device::cpu, DType::float32, all_negatives());
  const Tensor batch = job_images(Job::pairs, DType::float32, Device::cpu);
  for (int step = 0; step < 3; ++step) {
    first.step(batch, 1e-3);
    second.step(batch, 1e-3);
  }
  EXPECT_EQ(first.updates(), second.updates());
}

}  // namespace
}  // namespace biossl
