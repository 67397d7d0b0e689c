#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace biossl {

/// The candidate with the smallest edit distance to `name`; empty if every distance is above half of the length of
/// `name` (above 1 for a single letter).
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);
/// "; did you mean 'x'?" for the nearest candidate, otherwise "; known are a, b, c", or "; there are none".
std::string suggestion(std::string_view name, const std::vector<std::string>& candidates);
/// "a, b, c"
std::string joined(const std::vector<std::string>& words, std::string_view separator = ", ");
/// Without the spaces at both ends.
std::string_view trimmed(std::string_view text);
/// Whether a comes before b as people count: "frame2" before "frame10". Runs of digits are compared as numbers, all
/// else by its bytes.
bool natural_less(std::string_view a, std::string_view b);
/// "1:02:03", "4:05"
std::string duration(double seconds);

/// Whether the bytes are UTF-8 as Unicode defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text);
/// The text with U+FFFD for every byte that is no UTF-8.
std::string valid_utf8(std::string_view text);
/// Whether a byte is an ASCII control character.
bool is_control(char byte);

/// A word for the command line of a POSIX shell: unchanged if that is safe, otherwise quoted. The result is one line of
/// printable text unless the word ends in a line break.
std::string shell_quoted(std::string_view word);
/// The same for a path; one that begins with a dash stays a path and becomes no option.
std::string shell_path(std::string_view path);

}  // namespace biossl
