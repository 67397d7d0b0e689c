#include "biossl/core/instruction_sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "tests/support/paths.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

namespace biossl {
namespace {

using ::testing::MatchesRegex;

std::size_t row_of(const char* name) {
  return static_cast<std::size_t>(std::ranges::find(instruction_set_names, std::string_view(name)) -
                                  std::begin(instruction_set_names));
}

struct Sets {
  bool row[instruction_set_count] = {};
};

TEST(InstructionSets, NothingIsMissingWhereNothingIsNeededOrAllIsThere) {
  Sets none, all;
  for (bool& row : all.row) row = true;
  for (const Sets& present : {none, all}) {
    EXPECT_EQ(missing_instruction_sets(none.row, present.row).count, 0);
    EXPECT_EQ(missing_instruction_sets(none.row, present.row).first, nullptr);
  }
  EXPECT_EQ(missing_instruction_sets(all.row, all.row).count, 0);
}

TEST(InstructionSets, WhatIsNeededAndNotThereIsMissing) {
  Sets needed, present;
  for (const char* name : {"sse3", "avx", "avx2"}) needed.row[row_of(name)] = true;
  for (const char* name : {"sse3", "ssse3"}) present.row[row_of(name)] = true;
  EXPECT_EQ(missing_instruction_sets(needed.row, present.row).count, 2);
  EXPECT_STREQ(missing_instruction_sets(needed.row, present.row).first, "avx2");
  present.row[row_of("avx2")] = true;
  EXPECT_EQ(missing_instruction_sets(needed.row, present.row).count, 1);
  EXPECT_STREQ(missing_instruction_sets(needed.row, present.row).first, "avx");
}

TEST(InstructionSets, TheCompilerSaysWhatItMayUse) {
#if defined(__AVX2__)
  EXPECT_TRUE(BIOSSL_LEVEL::compiled_for_instruction_set[row_of("avx2")]);
#else
  EXPECT_FALSE(BIOSSL_LEVEL::compiled_for_instruction_set[row_of("avx2")]);
#endif
#if defined(__AVX512BF16__)
  EXPECT_TRUE(BIOSSL_LEVEL::compiled_for_instruction_set[row_of("avx512bf16")]);
#else
  EXPECT_FALSE(BIOSSL_LEVEL::compiled_for_instruction_set[row_of("avx512bf16")]);
#endif
}

#if defined(__x86_64__)
TEST(InstructionSets, AProgramForAnotherProcessorEndsWithOneLineBeforeItsOwnCodeRuns) {
  const testing::TemporaryFolder folder;
  const testing::Outcome outcome = testing::Process(testing::paths::for_no_processor, folder.path(), {}).wait();
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.error, MatchesRegex("for_no_processor: built for a processor with [a-z0-9.]+ \\(and [0-9]+ more "
                                          "instruction sets\\), which this one lacks; build it on this machine, with "
                                          "`make`\n"));
}
#endif

}  // namespace
}  // namespace biossl
