#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace biossl {

/// Tables of a recipe may lie this deep in each other. What reads them calls itself once a level.
inline constexpr std::size_t most_toml_levels = 20;

/// The line, counted from 1, in which a key or value of a TOML text lies deeper; 0 where none does. It looks at dots
/// and brackets outside of texts and comments, so invalid TOML has an answer too.
std::int64_t line_nested_too_deep(std::string_view text);

}  // namespace biossl
