#include "biossl/runs/run_status.h"

#include <gtest/gtest.h>

namespace biossl {
namespace {

std::string place(RunStage stage, std::int64_t epoch, std::string_view lead = "") {
  return place_in_run({.seed = 1, .stage = stage, .epoch = epoch, .failure = "", .outcome = {}}, 5, lead);
}

TEST(RunStatus, SaysWhereARunStands) {
  EXPECT_EQ(place(RunStage::to_do, 0), "to do");
  EXPECT_EQ(place(RunStage::begun, 3), "at epoch 3 of 5");
  EXPECT_EQ(place(RunStage::begun, 3, "goes on "), "goes on at epoch 3 of 5");
  EXPECT_EQ(place(RunStage::begun, 5, "goes on "), "to be probed");
  EXPECT_EQ(place(RunStage::failed, 3), "at epoch 3 of 5");
  EXPECT_EQ(place(RunStage::finished, 5), "finished");
}

}  // namespace
}  // namespace biossl
