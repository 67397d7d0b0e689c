#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace biossl {

/// A child process in its own process group: a Ctrl-C of the terminal does not reach it, and this process decides which
/// signals to send. It gets SIGTERM when this process ends, however it ends. Its stdin is given at the start. Its
/// stdout and stderr are read here, line by line, as one stream.
class ChildProcess {
 public:
  /// command: the program's file and its arguments. Throws std::runtime_error if no process can be made. A program that
  /// cannot be run ends with exit code 127.
  explicit ChildProcess(const std::vector<std::string>& command, std::string_view input = {});
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  /// Terminates the process if necessary and waits for its end.
  ~ChildProcess();

  /// The descriptor to poll() for output.
  int output() const { return output_; }
  /// Reads the available output and calls line() for every complete line. Returns false at the end of the output.
  bool read(const std::function<void(std::string_view)>& line);
  /// Sends a signal. Does nothing after wait().
  void send(int signal) const;
  /// Waits for the end. Returns the exit code, or 128 + the signal that ended it.
  int wait();

 private:
  pid_t process_ = -1;
  int output_ = -1;
  std::string unfinished_;  // the incomplete last line
};

}  // namespace biossl
