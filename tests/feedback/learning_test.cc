// Learning end to end over each path.
#include <gtest/gtest.h>

#include <algorithm>
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
using testing::updates;
using testing::weights;
using testing::Work;

struct PathCase {
  std::string feedback;
  Device device;
  DType dtype;
};

void PrintTo(const PathCase& each, std::ostream* to) { *to << each.feedback << " on " << name_of(each.device); }

struct PathName {
  std::string operator()(const ::testing::TestParamInfo<PathCase>& info) const {
    return fmt::format("{}_{}_{}", info.param.feedback, name_of(info.param.device), name_of(info.param.dtype));
  }
};

std::vector<PathCase> cases() {
  std::vector<PathCase> all;
  for (const char* feedback : {"transpose", "fixed_random", "updated_random", "usf", "brsf", "frsf"}) {
    all.push_back({feedback, Device::reference, DType::float64});
    for (const Device device : testing::all_devices()) {
      for (const DType dtype : testing::activity_types()) all.push_back({feedback, device, dtype});
    }
  }
  return all;
}

Work work_over(const PathCase& each, const std::string& optimizer = "sgd") {
  return Work({.device = each.device, .dtype = each.dtype, .feedback = each.feedback, .optimizer = optimizer});
}

Work work_over(const std::string& feedback, const PathCase& where, const std::string& optimizer = "sgd") {
  return work_over(PathCase{feedback, where.device, where.dtype}, optimizer);
}

void copy_weights(Network& from, Network& to) {
  const State source = from.state(false);
  State target = to.state(false);
  for (std::size_t i = 0; i < source.size(); ++i) copy(source[i].tensor, target[i].tensor);
  to.restored();
}

/// Makes F = W: through the path's state where that settles F, otherwise by giving W the values of F, which then keeps
/// them.
void equalise(Synapses& synapses) {
  Tensor forward = synapses.weights().values();
  State state = synapses.feedback().state();
  if (state.empty()) copy(synapses.path().values(), forward);
  for (StateTensor& tensor : state) {
    if (tensor.name == "offset") {
      tensor.tensor.fill_zero();
    } else {
      copy(forward, tensor.tensor);  // F itself, or its magnitudes, whose signs do not count
    }
  }
  synapses.restored();
}

class ComputesOverPath : public ::testing::TestWithParam<PathCase> {
 protected:
  void SetUp() override { testing::skip_unless_computed(GetParam().device, GetParam().dtype); }
};

class LearningOver : public ComputesOverPath {};

TEST_P(LearningOver, EqualsBackpropagationWhereThePathEqualsTheWeights) {
  Work ours = work_over(GetParam());
  Work backpropagation = work_over("transpose", GetParam());
  const Tensor images = small_images(small_pairs, GetParam().dtype, GetParam().device);
  ours.step(images, 0.0);
  backpropagation.step(images, 0.0);
  if (GetParam().feedback != "transpose") {
    EXPECT_GT(relative_error(updates(ours.network()), updates(backpropagation.network())), 0.01)
        << "would show nothing";
  }
  for (Synapses* synapses : all_synapses(ours.network())) equalise(*synapses);
  copy_weights(ours.network(), backpropagation.network());
  ours.step(images, 0.0);
  backpropagation.step(images, 0.0);
  EXPECT_EQ(updates(ours.network()), updates(backpropagation.network()));
  for (const double update : updates(ours.network())) ASSERT_TRUE(std::isfinite(update));
}

TEST_P(LearningOver, IsRecordedAsItWas) {
  Work work = work_over(GetParam());
  const Tensor images = small_images(small_pairs, GetParam().dtype, GetParam().device);
  for (const PathRecord& record : work.network().path_records()) EXPECT_EQ(record.errors_sent, 0);
  for (int step = 0; step < 3; ++step) work.step(images, 1e-3);
  const std::vector<PathRecord> records = work.network().path_records();
  std::vector<std::string> layers;
  for (const PathRecord& record : records) {
    layers.push_back(record.layer);
    EXPECT_EQ(record.feedback, GetParam().feedback);
    EXPECT_EQ(record.errors_sent, record.layer == "blocks.0" ? 0 : 3) << record.layer;
    EXPECT_EQ(record.alignment > 0.999999, GetParam().feedback == "transpose") << record.layer;
  }
  EXPECT_EQ(layers, (std::vector<std::string>{"blocks.0", "blocks.1", "blocks.2", "blocks.3", "heads.3"}));
}

TEST_P(LearningOver, LowersTheLoss) {
  if (testing::is_simulated(GetParam().device)) GTEST_SKIP() << "would take too long on a simulated GPU";
  Work work = work_over(GetParam());
  const Tensor images = small_images(small_pairs, GetParam().dtype, GetParam().device);
  const double first = work.step(images, 1e-3);
  double last = first;
  for (int step = 0; step < 40; ++step) last = work.step(images, 1e-3);
  EXPECT_LT(last, 0.95 * first);
}

INSTANTIATE_TEST_SUITE_P(All, LearningOver, ::testing::ValuesIn(cases()), PathName());

std::vector<PathCase> cases_that(bool (*wanted)(const PathCase&)) {
  std::vector<PathCase> all = cases();
  std::erase_if(all, [&](const PathCase& each) { return !wanted(each); });
  return all;
}

/// In single precision: in bfloat16 rounding turns signs of the loss's error, and what is learnt then goes its own ways
/// (each layer alone is compared in paths_test.cc).
class ComparedOver : public ComputesOverPath {};

TEST_P(ComparedOver, EqualsTheReference) {
  Work ours = work_over(GetParam());
  Work reference = work_over({GetParam().feedback, Device::reference, DType::float32});
  for (int step = 0; step < 2; ++step) {
    ours.step(small_images(small_pairs, DType::float32, GetParam().device), 1e-3);
    reference.step(small_images(small_pairs, DType::float32, Device::reference), 1e-3);
    EXPECT_LE(relative_error(updates(ours.network()), updates(reference.network())), 1e-4) << "step " << step;
  }
}

INSTANTIATE_TEST_SUITE_P(All, ComparedOver, ::testing::ValuesIn(cases_that([](const PathCase& each) {
                           return each.device != Device::reference && each.dtype == DType::float32;
                         })),
                         PathName());

class UpdatedRandomOn : public ComputesOverPath {};

TEST_P(UpdatedRandomOn, WithoutAnOffsetIsBackpropagationBitForBit) {
  Work ours = work_over(GetParam(), "adam");
  Work backpropagation = work_over("transpose", GetParam(), "adam");
  for (Synapses* synapses : all_synapses(ours.network())) equalise(*synapses);
  const std::vector<double> start = weights(ours.network());
  const Tensor images = small_images(small_pairs, GetParam().dtype, GetParam().device);
  for (int step = 0; step < 6; ++step) {
    EXPECT_EQ(ours.step(images, 1e-3), backpropagation.step(images, 1e-3));
    ASSERT_EQ(weights(ours.network()), weights(backpropagation.network())) << "step " << step;
  }
  EXPECT_GT(relative_error(weights(ours.network()), start), 1e-3);
}

TEST_P(UpdatedRandomOn, StartsAsFixedRandomAndThenLeavesIt) {
  Work ours = work_over(GetParam());
  Work fixed = work_over("fixed_random", GetParam());
  const Tensor images = small_images(small_pairs, GetParam().dtype, GetParam().device);
  ours.step(images, 1e-2);
  fixed.step(images, 1e-2);
  EXPECT_LE(relative_error(updates(ours.network()), updates(fixed.network())),
            GetParam().dtype == DType::bfloat16 ? 1e-2 : 1e-5);
  for (int step = 0; step < 5; ++step) {
    ours.step(images, 1e-2);
    fixed.step(images, 1e-2);
  }
  EXPECT_GT(relative_error(weights(ours.network()), weights(fixed.network())), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(All, UpdatedRandomOn, ::testing::ValuesIn(cases_that([](const PathCase& each) {
                           return each.feedback == "updated_random";
                         })),
                         PathName());

}  // namespace
}  // namespace biossl
