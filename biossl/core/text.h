#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace biossl {

/// The candidate with the smallest edit distance to `name`; empty when none is closer than half of its length.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);
/// "; did you mean 'x'?" for the nearest candidate, otherwise "; known are a, b, c".
std::string suggestion(std::string_view name, const std::vector<std::string>& candidates);
/// "a, b, c"
std::string joined(const std::vector<std::string>& words, std::string_view separator = ", ");
/// "1:02:03", "4:05"
std::string duration(double seconds);

}  // namespace biossl
