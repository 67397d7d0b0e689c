#pragma once

#include <string>
#include <string_view>

namespace biossl {

/// Text from outside for a message of one line: valid UTF-8, with ? for control characters.
std::string one_line(std::string_view text);

}  // namespace biossl
