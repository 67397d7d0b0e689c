#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rules/small_job.h"
#include "tests/support/devices.h"
#include "tests/support/tensors.h"

namespace biossl {
namespace {

using namespace biossl::testing;

struct ChunkCase {
  const char* name;
  const char* rule;
  const char* feedback;
  std::int64_t recent;
  bool normalise;
};

class Chunks : public ComputesOnDevice<ChunkCase> {
 protected:
  SmallJob job(std::int64_t micro_batch) const {
    const auto& [each, dtype, device] = GetParam();
    SmallJob job;
    job.rule_kind = each.rule;
    job.feedback = each.feedback;
    job.loss_settings = {{"recent", each.recent}, {"threshold", 1.5}, {"normalise", each.normalise}};
    job.device = device;
    job.dtype = device == Device::reference ? DType::float64 : dtype;
    job.micro_batch = micro_batch;
    return job;
  }
  /// Losses and updates of a few steps on batches of five and of three pairs.
  std::vector<double> learn(std::int64_t micro_batch) const {
    const SmallJob job = this->job(micro_batch);
    Work work(job);
    std::vector<double> all;
    for (const std::int64_t pairs : {small_pairs, std::int64_t{3}}) {
      for (const std::int64_t epoch : work.rule().sample_epochs()) {
        all.push_back(work.step(small_images(pairs, job.dtype, job.device), 1e-2, epoch));
        const std::vector<double> update = updates(work.network());
        all.insert(all.end(), update.begin(), update.end());
      }
    }
    for (const Synapses* synapses : all_synapses(work.network())) EXPECT_EQ(synapses->steps(), 2);
    return all;
  }
  double bound() const {
    return std::get<2>(GetParam()) == Device::reference ? 1e-10 : 3 * tolerance(std::get<1>(GetParam()));
  }
};

TEST_P(Chunks, LearnWhatTheBatchAsOneWouldHave) {
  const std::vector<double> whole = learn(0);
  EXPECT_GT(relative_error(std::vector<double>(whole.size(), 0.0), whole), 0.5);  // there is something to learn
  std::vector<std::int64_t> micro_batches{2, 1, 4, 5, 100};
  if (is_simulated(std::get<2>(GetParam()))) micro_batches.resize(1);
  for (const std::int64_t micro_batch : micro_batches)
    EXPECT_LT(relative_error(learn(micro_batch), whole), bound()) << micro_batch;
}

INSTANTIATE_TEST_SUITE_P(All, Chunks,
                         ::testing::Combine(::testing::Values(ChunkCase{"e2e", "e2e", "transpose", 2, false},
                                                              ChunkCase{"e2e_rf", "e2e", "fixed_random", 1, false},
                                                              ChunkCase{"e2e_urf", "e2e", "updated_random", 4, false},
                                                              ChunkCase{"e2e_normalised", "e2e", "transpose", 2, true},
                                                              ChunkCase{"gll", "gll", "updated_random", 2, false},
                                                              ChunkCase{"rll", "rll", "transpose", 3, false}),
                                            ::testing::ValuesIn(activity_types()), ::testing::ValuesIn(all_devices())),
                         OnDeviceName());

struct Refused {
  const char* name;
  const char* rule;
  Settings loss;
  const char* message;
};

class ChunksRefused : public ::testing::TestWithParam<Refused> {};

TEST_P(ChunksRefused, WhereABatchHangsTogether) {
  SmallJob job;
  job.rule_kind = GetParam().rule;
  job.loss_settings = GetParam().loss;
  job.micro_batch = 2;
  EXPECT_THAT([&] { Work work(job); },
              ::testing::ThrowsMessage<std::invalid_argument>(::testing::HasSubstr(GetParam().message)));
}

INSTANTIATE_TEST_SUITE_P(
    All, ChunksRefused,
    ::testing::Values(Refused{"all_negatives", "e2e", all_negatives(), "compares images of a whole batch"},
                      Refused{"no_block", "gll", {{"block_gradient", false}}, "compares images of a whole batch"},
                      Refused{"dtp", "dtp", {}, "[dtp] micro_batch = 2"}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(ChunkedMemory, IsThatOfTheChunk) {
  SmallJob job;
  job.loss_settings = {};
  const auto bytes = [&](std::int64_t micro_batch) {
    job.micro_batch = micro_batch;
    return Work(job).rule().activity_bytes();
  };
  EXPECT_LT(bytes(1), bytes(2));
  EXPECT_LT(bytes(2), bytes(0));
  EXPECT_EQ(bytes(small_pairs), bytes(0));
}

}  // namespace
}  // namespace biossl
