#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace biossl {

// Two kinds of fault, two kinds of exception:
//   the caller's              std::invalid_argument   "[operation] what, with the offending values"
//   the machine's or a file's std::runtime_error      naming the file and, where there is one, the byte
// Some runtime_errors have a name of their own, as the program answers them in its own way.

/// Something read from outside is at fault: a data file, a recipe, a checkpoint.
class BadInput : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file cannot be written: a full disk, a folder without permission. What was there before is there still.
class WriteError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Another process is at work on the same folder or file.
class InUse : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void fail(std::string_view operation, fmt::format_string<Args...> text, Args&&... args) {
  throw std::invalid_argument(fmt::format("[{}] {}", operation, fmt::format(text, std::forward<Args>(args)...)));
}

/// Throws std::invalid_argument("[operation] text") unless the condition holds.
template <class... Args>
void check(bool condition, std::string_view operation, fmt::format_string<Args...> text, Args&&... args) {
  if (!condition) fail(operation, text, std::forward<Args>(args)...);
}

template <class... Args>
[[noreturn]] void bad_input(fmt::format_string<Args...> text, Args&&... args) {
  throw BadInput(fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace biossl
