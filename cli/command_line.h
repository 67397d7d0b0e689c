#pragma once

#include <string>
#include <string_view>

#include "cli/options.h"

namespace biossl::cli {

/// Remembers how this program was called, for the commands that it suggests.
void set_program(std::string_view called);

/// A command that a message suggests: it can be pasted into a shell as it stands.
class SuggestedCommand {
 public:
  /// words: the subcommand, in plain letters: "reproduce".
  explicit SuggestedCommand(std::string_view words);

  SuggestedCommand& word(std::string_view value);
  SuggestedCommand& path(std::string_view value);
  SuggestedCommand& option(std::string_view name, std::string_view value);
  SuggestedCommand& path_option(std::string_view name, std::string_view value);
  /// --data, --device and --threads, where they are not the usual ones.
  SuggestedCommand& place(const PlaceOptions& place);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace biossl::cli
