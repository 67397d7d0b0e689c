#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "biossl/core/error.h"

namespace biossl {

/// An empty folder that is gone when the test is over.
class ScratchFolder {
 public:
  ScratchFolder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    path_ = std::filesystem::path(testing::TempDir()) /
            fmt::format("biossl-{}-{}-{}", test->test_suite_name(), test->name(), getpid());
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What the action's exception of type Fault says; fails the test when it throws none.
template <class Fault, class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Fault& fault) {
    return fault.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

}  // namespace biossl
