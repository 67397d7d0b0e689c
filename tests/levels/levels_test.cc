#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "biossl/core/file.h"
#include "biossl/core/instruction_level.h"
#include "biossl/core/instruction_sets.h"
#include "tests/support/message_of.h"
#include "tests/support/paths.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using ::testing::HasSubstr;
using testing::message_of;
using testing::Outcome;
using testing::Process;
using ::testing::StartsWith;
using testing::TemporaryFolder;

struct Sets {
  explicit Sets(const std::vector<std::string_view>& names) {
    for (const std::string_view name : names) {
      row[std::ranges::find(instruction_set_names, name) - std::begin(instruction_set_names)] = true;
    }
  }
  bool row[instruction_set_count] = {};
};

const Sets low({"sse4.2"});
const Sets middle({"sse4.2", "avx2", "fma"});
const Sets high({"sse4.2", "avx2", "fma", "avx512f", "avx512vl"});
const InstructionLevel three[] = {{"low", low.row}, {"middle", middle.row}, {"high", high.row}};

TEST(Levels, TheHighestThatTheProcessorHasIsChosen) {
  EXPECT_EQ(choose_level(three, high.row, ""), 2);
  EXPECT_EQ(choose_level(three, middle.row, ""), 1);
  EXPECT_EQ(choose_level(three, low.row, ""), 0);
  const Sets more({"sse4.2", "avx2", "fma", "avx512f"});  // a part of the next level is not enough
  EXPECT_EQ(choose_level(three, more.row, ""), 1);
}

TEST(Levels, OneThatIsNamedIsTaken) {
  EXPECT_EQ(choose_level(three, high.row, "low"), 0);
  EXPECT_EQ(choose_level(three, high.row, "middle"), 1);
  EXPECT_EQ(choose_level(three, middle.row, "middle"), 1);
}

TEST(Levels, OneThatTheProcessorLacksOrThatIsNoneIsRefused) {
  EXPECT_EQ(message_of<std::invalid_argument>([] { choose_level(three, middle.row, "high"); }),
            "BIOSSL_ISA=high: this processor lacks avx512f and 1 more instruction sets; leave BIOSSL_ISA out for the "
            "best level it has");
  EXPECT_EQ(message_of<std::invalid_argument>([] { choose_level(three, high.row, "higher"); }),
            "BIOSSL_ISA=higher: there is no such level; this program has low, middle, high");
  const InstructionLevel one[] = {{"native", high.row}};
  EXPECT_EQ(choose_level(one, high.row, ""), 0);
  EXPECT_EQ(choose_level(one, high.row, "native"), 0);
  EXPECT_EQ(message_of<std::invalid_argument>([&] { choose_level(one, high.row, "v3"); }),
            "BIOSSL_ISA=v3: this program has the level native alone; one built with -DBIOSSL_PORTABLE=ON has several");
}

TEST(Levels, EachNeedsWhatTheOneBelowItNeeds) {
  const std::span<const InstructionLevel> levels = instruction_levels();
  for (std::size_t level = 1; level < levels.size(); ++level) {
    EXPECT_EQ(missing_instruction_sets(levels[level - 1].needed, levels[level].needed).count, 0);
    EXPECT_GT(missing_instruction_sets(levels[level].needed, levels[level - 1].needed).count, 0) << levels[level].name;
  }
  EXPECT_EQ(missing_instruction_sets(BIOSSL_LEVEL::compiled_for_instruction_set, levels[0].needed).count, 0)
      << "all other code is for the lowest";
}

/// The program, where BIOSSL_ISA names a level.
Outcome at(const std::string& level, const TemporaryFolder& folder, std::vector<std::string> words) {
  words.insert(words.begin(), {"BIOSSL_ISA=" + level, testing::paths::program});
  return Process("/usr/bin/env", folder.path(), words).wait();
}

TEST(Levels, TheProgramTellsAndRecordsTheOneInUse) {
  const TemporaryFolder folder;
  const std::string lowest = instruction_levels()[0].name;
  const Outcome told = at(lowest, folder, {"--version"});
  EXPECT_EQ(told.code, 0) << told.error;
  EXPECT_THAT(told.out, HasSubstr(", vector code " + lowest + ", oneDNN "));
  if (lowest == "v2") {
    EXPECT_THAT(told.out, HasSubstr(" with SSE4.1)"));
  }
  const std::string run = (folder.path() / "run").string();
  const Outcome ran =
      at(lowest, folder,
         {"run", "--out", run, "--set", "data.images=20", "--set", "data.probe_images=20", "--set",
          "data.test_images=20", "--set", "train.epochs=1", "--set", "train.batch=10", "--set", "probe.epochs=1"});
  EXPECT_EQ(ran.code, 0) << ran.error;
  EXPECT_EQ(nlohmann::json::parse(read_file(run + "/environment.json")).at("vector_code"), lowest);
}

TEST(Levels, TheProgramRefusesAnotherInOneLine) {
  const TemporaryFolder folder;
  for (const std::vector<std::string>& words : {std::vector<std::string>{"list"}, {"--version"}}) {
    const Outcome refused = at("v1", folder, words);
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.error, StartsWith("biossl: BIOSSL_ISA=v1: "));
    EXPECT_EQ(std::ranges::count(refused.error, '\n'), 1) << refused.error;
    EXPECT_EQ(refused.out, "");
  }
}

}  // namespace
}  // namespace biossl
