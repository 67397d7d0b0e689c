#include "biossl/reproduction/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>

namespace biossl {
namespace {

/// Runs in the child, where only functions that are safe in a signal handler may be called.
[[noreturn]] void become(char* const* arguments, int input, int output, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(127);  // the parent ended before the request
  dup2(input, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execv(arguments[0], arguments);
  _exit(127);
}

[[noreturn]] void give_up(const std::string& program) {
  throw std::runtime_error(fmt::format("{}: cannot be started ({})", program, std::strerror(errno)));
}

/// A file without a name that holds a text, positioned at its start; -1 on failure.
int open_text(std::string_view text) {
  const int descriptor = memfd_create("input", MFD_CLOEXEC);
  const auto size = static_cast<ssize_t>(text.size());
  if (descriptor < 0 || pwrite(descriptor, text.data(), text.size(), 0) == size) return descriptor;
  close(descriptor);
  return -1;
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& command, std::string_view input) {
  std::vector<std::string> words = command;
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  std::array<int, 2> ends{};
  const int text = open_text(input);
  if (text < 0) give_up(command.at(0));
  if (pipe2(ends.data(), O_CLOEXEC) == 0) {
    const pid_t parent = getpid();
    process_ = fork();
    if (process_ == 0) become(arguments.data(), text, ends[1], parent);
    close(ends[1]);
    output_ = ends[0];
  }
  close(text);
  if (process_ > 0) return;
  if (output_ >= 0) close(output_);
  give_up(command[0]);
}

ChildProcess::~ChildProcess() {
  close(output_);
  if (process_ < 0) return;
  send(SIGKILL);
  wait();
}

bool ChildProcess::read(const std::function<void(std::string_view)>& line) {
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(output_, bytes.data(), bytes.size());
  if (count < 0) return errno == EINTR;
  unfinished_.append(bytes.data(), static_cast<std::size_t>(count));
  if (count == 0 && !unfinished_.empty()) unfinished_ += '\n';
  for (std::size_t end = unfinished_.find('\n'); end != std::string::npos; end = unfinished_.find('\n')) {
    line(std::string_view(unfinished_).substr(0, end));
    unfinished_.erase(0, end + 1);
  }
  return count > 0;
}

void ChildProcess::send(int signal) const {
  if (process_ > 0) kill(process_, signal);  // -1 would address all processes
}

int ChildProcess::wait() {
  int status = 0;
  while (waitpid(process_, &status, 0) < 0 && errno == EINTR) continue;
  process_ = -1;
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace biossl
