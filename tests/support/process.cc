#include "tests/support/process.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "biossl/core/file.h"

namespace biossl::testing {

Process::Process(const std::string& program, const std::filesystem::path& folder,
                 const std::vector<std::string>& arguments)
    : out_(folder / "stdout"), error_(folder / "stderr") {
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  std::fflush(nullptr);  // or the child would write this program's pending output once more
  child_ = fork();
  if (child_ < 0) throw std::runtime_error("no process can be started");  // kill(-1, ...) would reach all others
  if (child_ != 0) return;
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  unsetenv("BIOSSL_DATA");  // what the user keeps there is no part of a test
  if (std::freopen(out_.c_str(), "w", stdout) == nullptr || std::freopen(error_.c_str(), "w", stderr) == nullptr) {
    _exit(99);
  }
  execv(program.c_str(), pointers.data());
  _exit(98);
}

void Process::kill(int signal) const {
  if (child_ > 0) ::kill(child_, signal);  // -1 would be everybody
}

Outcome Process::wait() const {
  int status = 0;
  waitpid(child_, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), read_file(out_), read_file(error_)};
}

}  // namespace biossl::testing
