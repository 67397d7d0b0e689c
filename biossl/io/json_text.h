#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace biossl {

// nlohmann's reader and writer are large templates; json_text.cc compiles them once.

/// The value of a JSON text. Throws nlohmann's parse_error if it is no JSON.
nlohmann::json parse_json(std::string_view text);
nlohmann::ordered_json parse_ordered_json(std::string_view text);
/// The same for a text that may be damaged: a discarded value (is_discarded()) if it is no JSON.
nlohmann::json try_parse_json(std::string_view text);
nlohmann::ordered_json try_parse_ordered_json(std::string_view text);

// JSON as text. Bytes that are no UTF-8, as in some paths, become U+FFFD and throw nothing.
/// On one line.
std::string json_text(const nlohmann::json& json);
std::string json_text(const nlohmann::ordered_json& json);
/// Indented, with a line end.
std::string indented_json_text(const nlohmann::ordered_json& json);

}  // namespace biossl
