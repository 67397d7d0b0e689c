#include "biossl/io/json_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace biossl {
namespace {

/// Whether brackets outside of texts lie too deep in each other.
bool is_nested_too_deep(std::string_view text) {
  std::size_t levels = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char letter = text[i];
    if (quoted && letter == '\\') {
      ++i;
    } else if (letter == '"') {
      quoted = !quoted;
    } else if (!quoted && (letter == '[' || letter == '{')) {
      if (++levels > most_json_levels) return true;
    } else if (!quoted && (letter == ']' || letter == '}')) {
      levels -= levels > 0 ? 1 : 0;
    }
  }
  return false;
}

void require_few_levels(std::string_view text) {
  if (is_nested_too_deep(text)) throw std::runtime_error(fmt::format("nested more than {} deep", most_json_levels));
}

}  // namespace

nlohmann::json parse_json(std::string_view text) {
  require_few_levels(text);
  return nlohmann::json::parse(text);
}

nlohmann::ordered_json parse_ordered_json(std::string_view text) {
  require_few_levels(text);
  return nlohmann::ordered_json::parse(text);
}

nlohmann::json try_parse_json(std::string_view text) { return nlohmann::json::parse(text, nullptr, false); }

nlohmann::ordered_json try_parse_ordered_json(std::string_view text) {
  if (is_nested_too_deep(text)) return nlohmann::ordered_json(nlohmann::ordered_json::value_t::discarded);
  return nlohmann::ordered_json::parse(text, nullptr, false);
}

std::string json_text(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_text(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string indented_json_text(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace biossl
