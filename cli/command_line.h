#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"

namespace biossl::cli {

/// Stores the program's name as called, for suggested commands.
void set_program(std::string_view called);

/// A command that a message suggests, ready to paste into a shell.
class SuggestedCommand {
 public:
  /// words: the subcommand, unquoted: "reproduce".
  explicit SuggestedCommand(std::string_view words);

  SuggestedCommand& word(std::string_view value);
  SuggestedCommand& path(std::string_view value);
  SuggestedCommand& option(std::string_view name, std::string_view value);
  SuggestedCommand& path_option(std::string_view name, std::string_view value);
  /// Adds --data, --device and --threads if they differ from the defaults.
  SuggestedCommand& execution(const ExecutionOptions& options);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace biossl::cli
