#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace biossl {

/// A program that runs beside this one, in a process group of its own: a Ctrl-C of the terminal does not reach it, this
/// process decides what to send. It gets SIGTERM when this process is gone, however it ends. What it reads from stdin
/// is given at the start; what it writes, to stdout and stderr alike, is read here line by line.
class ChildProcess {
 public:
  /// command: the program's file and its arguments. Throws std::runtime_error where no process can be made; a program
  /// that cannot be run ends with exit code 127.
  explicit ChildProcess(const std::vector<std::string>& command, std::string_view input = {});
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  /// Ends it, if it has not ended, and waits for that.
  ~ChildProcess();

  /// What to poll() for output.
  int output() const { return output_; }
  /// Reads what has been written and calls line() for every whole line. False at the end of the output.
  bool read(const std::function<void(std::string_view)>& line);
  /// Does nothing once it has been waited for.
  void send(int signal) const;
  /// Waits for the end. The exit code; 128 + the signal that ended it.
  int wait();

 private:
  pid_t process_ = -1;
  int output_ = -1;
  std::string unfinished_;  // the line that has begun
};

}  // namespace biossl
