#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace biossl {

// JSON's reader and writer are large templates; they are compiled once, in json_text.cc.

/// What the text says. Throws nlohmann's parse_error where it is no JSON.
nlohmann::json parse_json(std::string_view text);
nlohmann::ordered_json parse_ordered_json(std::string_view text);
/// The same for a text that may be damaged: a discarded value (is_discarded()) where it is no JSON.
nlohmann::json try_parse_json(std::string_view text);
nlohmann::ordered_json try_parse_ordered_json(std::string_view text);

// As text. Bytes that are no UTF-8, as paths may hold, become U+FFFD; nothing throws for them.
/// On one line.
std::string json_text(const nlohmann::json& json);
std::string json_text(const nlohmann::ordered_json& json);
/// Indented for people, with a line end.
std::string indented_json_text(const nlohmann::ordered_json& json);

}  // namespace biossl
