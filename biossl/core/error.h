#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace biossl {

// Kinds of fault and their exceptions:
//   the caller's              std::invalid_argument   "[operation] what, with the offending values"
//   the machine's or a file's std::runtime_error      names the file and, if known, the byte
// The subclasses of runtime_error below get their own answer from the program.

/// Something read from outside is wrong: a data file, a recipe, a checkpoint.
class BadInput : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A file cannot be written: full disk, no permission. The old content is still there.
class WriteError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Another process uses the same folder or file.
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
