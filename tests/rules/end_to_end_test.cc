#include <gtest/gtest.h>

#include "tests/rules/small_job.h"
#include "tests/support/devices.h"
#include "tests/support/slopes.h"
#include "tests/support/tensors.h"
#include "tests/support/update_factors.h"

namespace biossl {
namespace {

using testing::relative_error;
using testing::small_images;
using testing::small_pairs;
using testing::SmallJob;
using testing::updates;
using testing::Work;

SmallJob job_on(Device device, DType dtype) {
  SmallJob job;
  job.device = device;
  job.dtype = dtype;
  return job;
}

TEST(EndToEnd, UpdatesAreTheNumericDerivativesOfTheLoss) {
  Work work(job_on(Device::reference, DType::float64));
  const Tensor batch = small_images(small_pairs, DType::float64, Device::reference);
  work.step(batch, 0.0);
  const std::vector<double> computed = updates(work.network());
  std::vector<Tensor> weights;
  for (const StateTensor& tensor : work.network().state(false)) weights.push_back(tensor.tensor);
  const auto [ours, numeric] = testing::compare_slopes(
      computed, weights, [&] { return work.step(batch, 0.0); }, 1e-6);
  EXPECT_LE(relative_error(ours, numeric), 1e-5);
}

class EndToEndOn : public ::testing::TestWithParam<Device> {};

TEST_P(EndToEndOn, EqualsReference) {
  for (const DType dtype : testing::computed_types(GetParam())) {
    for (const std::int64_t count : {small_pairs, std::int64_t{2}}) {  // a full batch and a short last one
      Work reference(job_on(Device::reference, dtype));
      Work work(job_on(GetParam(), dtype));
      const double expected = reference.step(small_images(count, dtype, Device::reference), 0.0);
      const double loss = work.step(small_images(count, dtype, GetParam()), 0.0);
      const bool wide = dtype == DType::float32;
      EXPECT_NEAR(loss / expected, 1.0, wide ? 1e-5 : 2e-2);
      // The error is a sum of signs: where rounding turns one, an update jumps, so bfloat16 can only be near.
      EXPECT_LE(relative_error(updates(work.network()), updates(reference.network())), wide ? 1e-4 : 0.15)
          << name_of(dtype);
      testing::expect_no_factor(testing::all_synapses(work.network()), testing::all_synapses(reference.network()),
                                fmt::format("{}, {} pairs", name_of(dtype), count));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, EndToEndOn, ::testing::ValuesIn(testing::compared_devices()), testing::DeviceName());

TEST(EndToEnd, GradientBlockLeavesTheMemoryWithoutAnyInfluenceOnUpdatesButThroughTheLoss) {
  // With one pair, view 0 enters only through the sign of b - a; changing a without changing the signs changes no
  // update.
  SmallJob job = job_on(Device::reference, DType::float64);
  job.loss_settings = {{"recent", std::int64_t{1}}, {"threshold", 1.0}};
  Work work(job);
  Tensor batch = small_images(1, DType::float64, Device::reference);
  work.step(batch, 0.0);
  const std::vector<double> before = updates(work.network());
  const Tensor first = batch.rows(0, 1);
  for (double& pixel : first.span<double>()) pixel *= 1.0001;
  work.step(batch, 0.0);
  EXPECT_EQ(before, updates(work.network()));
  EXPECT_NE(before, std::vector<double>(before.size(), 0.0));
}

TEST(EndToEnd, LossFallsOnABatchLearntOverAndOver) {
  for (const Device device : testing::all_devices()) {
    if (testing::is_simulated(device)) continue;  // would take too long
    Work work(job_on(device, DType::float32));
    const Tensor batch = small_images(small_pairs, DType::float32, device);
    const double first = work.step(batch, 1e-3);
    double last = first;
    for (int step = 0; step < 30; ++step) last = work.step(batch, 1e-3);
    EXPECT_LT(last, 0.9 * first) << name_of(device);
  }
}

TEST(EndToEnd, SameSeedSameBytes) {
  Work first(job_on(Device::cpu, DType::float32));
  Work second(job_on(Device::cpu, DType::float32));
  const Tensor batch = small_images(small_pairs, DType::float32, Device::cpu);
  for (int step = 0; step < 3; ++step) {
    first.step(batch, 1e-3);
    second.step(batch, 1e-3);
  }
  EXPECT_EQ(updates(first.network()), updates(second.network()));
}

}  // namespace
}  // namespace biossl
