#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace biossl {

// nlohmann's reader and writer are large templates; json_text.cc compiles them once.

/// Values may lie this deep in each other: copying, comparing and writing call themselves once a level.
inline constexpr std::size_t most_json_levels = 64;

/// The value of a JSON text. Throws nlohmann's parse_error if it is no JSON, std::runtime_error if it is nested deeper
/// than most_json_levels.
nlohmann::json parse_json(std::string_view text);
nlohmann::ordered_json parse_ordered_json(std::string_view text);
/// The same for a text that may be damaged: a discarded value (is_discarded()) if it is no JSON or nested too deep.
nlohmann::ordered_json try_parse_ordered_json(std::string_view text);
/// The same, of any depth, for one who copies, compares and writes no part of the value but texts and numbers.
nlohmann::json try_parse_json(std::string_view text);

// JSON as text. Bytes that are no UTF-8, as in some paths, become U+FFFD and throw nothing.
/// On one line.
std::string json_text(const nlohmann::json& json);
std::string json_text(const nlohmann::ordered_json& json);
/// Indented, with a line end.
std::string indented_json_text(const nlohmann::ordered_json& json);

}  // namespace biossl
