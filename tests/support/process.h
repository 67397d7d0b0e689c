#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace biossl::testing {

/// The end of a program: its exit code, or the negated signal that ended it; and its output.
struct Outcome {
  int code = 0;
  std::string out;
  std::string error;
};

/// A running program. Its output goes to files in the folder. Its signals have their default actions and
/// BIOSSL_DATA is unset, whatever the tests were started with.
class Process {
 public:
  Process(const std::string& program, const std::filesystem::path& folder, const std::vector<std::string>& arguments);

  void kill(int signal) const;
  Outcome wait() const;

 private:
  std::filesystem::path out_, error_;
  pid_t child_ = 0;
};

}  // namespace biossl::testing
