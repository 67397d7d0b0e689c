#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

// What the tests of the program from outside share.

namespace biossl::testing {

/// A small network on a small built-in world: epochs of a few milliseconds.
extern const char* const small_recipe;

/// The program in an empty folder that holds the small recipe alone.
class Program : public ::testing::Test {
 protected:
  void SetUp() override;

  std::string in(const std::string& name) const { return (folder_.path() / name).string(); }
  Outcome run(const std::vector<std::string>& arguments) const;
  /// A script of the shell in which "$0" is the program and "$1" the folder.
  Outcome shell(const std::string& script) const;

  TemporaryFolder folder_;
  std::string recipe_ = (folder_.path() / "small.toml").string();
};

/// The program has ended with this code and one line on stderr that holds the message.
void expect_one_line(const Outcome& outcome, int code, const std::string& message);

/// Waits until the run has finished an epoch.
bool wait_for_metrics(const std::string& file);

}  // namespace biossl::testing
