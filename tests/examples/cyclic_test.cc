#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "tests/rules/small_job.h"

namespace biossl {
namespace {

using testing::small_images;
using testing::small_pairs;
using testing::Work;

Work cyclic(bool top_first) {
  return Work({.rule_kind = "cyclic", .rule_settings = {{"top_first", top_first}}, .optimizer = "adam", .epochs = 3});
}

/// The layers ("blocks.2", "heads.2") of which a step changed anything: weights, optimiser state, counters.
std::set<std::string> touched(Work& work, std::int64_t epoch, std::int64_t batch) {
  State before = work.network().state(true);
  for (StateTensor& tensor : before) tensor.tensor = tensor.tensor.clone();
  work.step(small_images(small_pairs, DType::float32, Device::cpu), 1e-2, epoch, batch);
  const State after = work.network().state(true);
  std::set<std::string> layers;
  for (std::size_t i = 0; i < before.size(); ++i) {
    const Tensor& tensor = after[i].tensor;
    if (std::memcmp(tensor.raw(), before[i].tensor.raw(), tensor.bytes()) == 0) continue;
    layers.insert(after[i].name.substr(0, after[i].name.find('.', after[i].name.find('.') + 1)));
  }
  return layers;
}

TEST(Cyclic, AStepTouchesTheBlockWhoseTurnItIsAndItsHeadAlone) {
  Work work = cyclic(true);
  for (std::int64_t batch = 0; batch < 8; ++batch) {
    const auto block = std::to_string(3 - batch % 4);
    EXPECT_THAT(touched(work, 0, batch), ::testing::ElementsAre("blocks." + block, "heads." + block));
  }
  EXPECT_THAT(touched(work, 1, 0), ::testing::ElementsAre("blocks.2", "heads.2"))
      << "the next epoch starts one further";
  Work upwards = cyclic(false);
  EXPECT_THAT(touched(upwards, 0, 1), ::testing::ElementsAre("blocks.1", "heads.1"));
}

TEST(Cyclic, ErrorsCrossHeadsOnly) {
  Work work = cyclic(true);
  for (std::int64_t batch = 0; batch < 8; ++batch) touched(work, 0, batch);
  for (const PathRecord& record : work.network().path_records()) {
    EXPECT_EQ(record.errors_sent, record.layer.starts_with("heads.") ? 2 : 0) << record.layer;
  }
  EXPECT_TRUE(work.rule().plausibility().local_to_blocks);
  EXPECT_EQ(work.rule().total_epochs(), 3 * 4);
  EXPECT_THAT(work.rule().sample_epochs(), ::testing::ElementsAre(0, 1, 2, 3));
}

}  // namespace
}  // namespace biossl
