#include "cli/command_line.h"

#include <fmt/format.h>

#include "biossl/core/text.h"

namespace biossl::cli {
namespace {

std::string& program() {
  static std::string called = "biossl";
  return called;
}

}  // namespace

void set_program(std::string_view called) { program() = called; }

SuggestedCommand::SuggestedCommand(std::string_view words)
    : text_(fmt::format("{} {}", shell_path(program()), words)) {}

SuggestedCommand& SuggestedCommand::word(std::string_view value) {
  text_ += " " + shell_quoted(value);
  return *this;
}

SuggestedCommand& SuggestedCommand::path(std::string_view value) {
  text_ += " " + shell_path(value);
  return *this;
}

SuggestedCommand& SuggestedCommand::option(std::string_view name, std::string_view value) {
  text_ += fmt::format(" {}", name);
  return word(value);
}

SuggestedCommand& SuggestedCommand::path_option(std::string_view name, std::string_view value) {
  text_ += fmt::format(" {}", name);
  return path(value);
}

SuggestedCommand& SuggestedCommand::execution(const ExecutionOptions& options) {
  if (!options.data.empty()) path_option("--data", options.data);
  if (options.device != "cpu") option("--device", options.device);
  if (options.threads != 0) option("--threads", std::to_string(options.threads));
  return *this;
}

}  // namespace biossl::cli
