#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "tests/support/job.h"

namespace biossl {
namespace {

using testing::Job;
using testing::job_images;

Job cyclic(bool top_first) {
  return Job({.loss_settings = testing::all_negatives(),
              .rule = "cyclic",
              .rule_settings = {{"top_first", top_first}},
              .optimizer = "adam",
              .epochs = 3});
}

/// The layers ("blocks.2", "heads.2") of which a step changed anything: weights, optimiser state, counters.
std::set<std::string> touched(Job& job, std::int64_t epoch, std::int64_t batch) {
  State before = job.network->state(true);
  for (StateTensor& tensor : before) tensor.tensor = tensor.tensor.clone();
  job.step(job_images(Job::pairs, DType::float32, Device::cpu), 1e-2, epoch, batch);
  const State after = job.network->state(true);
  std::set<std::string> layers;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Tensor& tensor = after[i].tensor;
    if (std::memcmp(tensor.raw(), before[i].tensor.raw(), tensor.bytes()) == 0) continue;
    layers.insert(after[i].name.substr(0, after[i].name.find('.', after[i].name.find('.') + 1)));
  }
  return layers;
}

TEST(Cyclic, AStepTouchesTheBlockWhoseTurnItIsAndItsHeadAlone) {
  Job job = cyclic(true);
  for (std::int64_t batch = 0; batch < 8; ++batch) {
    const auto block = std::to_string(3 - batch % 4);
    EXPECT_THAT(touched(job, 0, batch), ::testing::ElementsAre("blocks." + block, "heads." + block));
  }
  EXPECT_THAT(touched(job, 1, 0), ::testing::ElementsAre("blocks.2", "heads.2")) << "the next epoch starts one further";
  Job upwards = cyclic(false);
  EXPECT_THAT(touched(upwards, 0, 1), ::testing::ElementsAre("blocks.1", "heads.1"));
}

TEST(Cyclic, ErrorsCrossHeadsOnly) {
  Job job = cyclic(true);
  for (std::int64_t batch = 0; batch < 8; ++batch) touched(job, 0, batch);
  for (const PathRecord& record : job.network->path_records()) {
    EXPECT_EQ(record.errors_sent, record.layer.starts_with("heads.") ? 2 : 0) << record.layer;
  }
  EXPECT_TRUE(job.rule->is_local_to_blocks());
  EXPECT_EQ(job.rule->total_epochs(), 3 * 4);
}

}  // namespace
}  // namespace biossl
