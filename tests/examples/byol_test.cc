// A step of BYOL is taken as a whole or not at all: its predictor learns when the network does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/rules/small_job.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using ::testing::Contains;
using ::testing::Key;
using testing::small_images;
using testing::small_pairs;
using ::testing::StartsWith;
using testing::values_of;
using testing::Work;

/// Stops a step once the error has come down to a layer of the network, while it is asked to.
class Stopping final : public Observer {
 public:
  bool stops = true;

  void update_computed(std::string_view /*layer*/, const Tensor& /*pre*/, const PooledError& /*error_post*/,
                       const Tensor& /*weight_update*/) override {
    if (stops) throw std::runtime_error("stopped");
  }
};

testing::SmallJob job() {
  testing::SmallJob job;
  job.device = Device::reference;
  job.dtype = DType::float64;
  job.rule_kind = "byol";
  job.rule_settings = {{"momentum", 0.75}, {"hidden", std::int64_t{5}}};
  job.optimizer = "adam";
  return job;
}

/// All numbers of the rule's and the network's, by their names in a checkpoint.
std::map<std::string, std::vector<double>> numbers_of(Work& work) {
  std::map<std::string, std::vector<double>> numbers;
  for (const State& state : {work.rule().state(), work.network().state(true)}) {
    for (const StateTensor& it : state) {
      if (it.tensor.dtype() == DType::float64) numbers[it.name] = values_of(it.tensor);
    }
  }
  return numbers;
}

TEST(ByolSteps, LeaveThePredictorAloneWhereTheyFail) {
  Work whole(job()), stopped(job());
  const Tensor images = small_images(small_pairs, DType::float64, Device::reference);
  Stopping stopping;
  stopped.network().set_observer(&stopping);
  const auto before = numbers_of(stopped);
  EXPECT_THAT(before, Contains(Key(StartsWith("predictor"))));
  EXPECT_THROW(stopped.step(images, 0.5), std::runtime_error);
  EXPECT_EQ(numbers_of(stopped), before);
  stopping.stops = false;
  EXPECT_EQ(stopped.step(images, 0.5), whole.step(images, 0.5));
  EXPECT_EQ(numbers_of(stopped), numbers_of(whole)) << "what was left over of the step that failed";
  EXPECT_NE(numbers_of(stopped), before);
}

}  // namespace
}  // namespace biossl
