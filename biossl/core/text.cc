#include "biossl/core/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <numeric>

namespace biossl {
namespace {

/// Levenshtein distance, one row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

/// Length in bytes of the UTF-8 character at the start of a non-empty text; 0 if there is none. Bytes after the first
/// lie in 80..BF; after some first bytes the range of the second is narrower.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto lies = [&](std::size_t i, unsigned least, unsigned most) { return byte(i) >= least && byte(i) <= most; };
  const unsigned first = byte(0);
  const unsigned least = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;  // below: an overlong form
  const unsigned most = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;   // above: a surrogate, or past U+10FFFF
  const std::size_t size = first < 0x80 ? 1 : lies(0, 0xC2, 0xDF) ? 2 : lies(0, 0xE0, 0xEF) ? 3 : 4;
  if (size == 4 && !lies(0, 0xF0, 0xF4)) return 0;
  if (size > 1 && !lies(1, least, most)) return 0;
  for (std::size_t i = 2; i < size; ++i) {
    if (!lies(i, 0x80, 0xBF)) return 0;
  }
  return size;
}

/// Quotes a word with unprintable bytes, by printf.
std::string printed_word(std::string_view word) {
  constexpr std::string_view plain_bytes = " ./_-";
  std::string format;
  for (const char byte : word) {
    const bool plain =
        std::isalnum(static_cast<unsigned char>(byte)) != 0 || plain_bytes.find(byte) != std::string_view::npos;
    format +=
        plain ? std::string(1, byte) : fmt::format("\\{:03o}", static_cast<unsigned>(static_cast<unsigned char>(byte)));
  }
  return fmt::format("\"$(printf -- '{}')\"", format);
}

/// Removes the digits at the start of a text and returns them.
std::string_view take_number(std::string_view& text) {
  const std::string_view digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
  text.remove_prefix(digits.size());
  return digits;
}

/// Compares whole numbers of any length; below, at or above 0 as a is below, equal to or above b.
int compare_numbers(std::string_view a, std::string_view b) {
  a.remove_prefix(std::min(a.find_first_not_of('0'), a.size()));
  b.remove_prefix(std::min(b.find_first_not_of('0'), b.size()));
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  return a.compare(b);
}

}  // namespace

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(name.size(), 2) / 2 + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string suggestion(std::string_view name, const std::vector<std::string>& candidates) {
  if (candidates.empty()) return "; there are none";
  const std::string close = nearest(name, candidates);
  return close.empty() ? fmt::format("; known are {}", joined(candidates)) : fmt::format("; did you mean '{}'?", close);
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  return fmt::format("{}", fmt::join(words, separator));
}

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

bool natural_less(std::string_view a, std::string_view b) {
  const std::string_view whole_a = a;
  const std::string_view whole_b = b;
  while (!a.empty() && !b.empty()) {
    const std::string_view number_a = take_number(a);
    const std::string_view number_b = take_number(b);
    if (number_a.empty() || number_b.empty()) {
      const unsigned char first_a = number_a.empty() ? a.front() : number_a.front();
      const unsigned char first_b = number_b.empty() ? b.front() : number_b.front();
      if (first_a != first_b) return first_a < first_b;
      a.remove_prefix(1);
      b.remove_prefix(1);
    } else if (const auto order = compare_numbers(number_a, number_b); order != 0) {
      return order < 0;
    }
  }
  if (a.empty() && b.empty()) return whole_a < whole_b;  // "01" and "1"
  return a.empty();
}

std::string duration(double seconds) {
  const auto whole = std::llround(seconds);
  if (whole >= 3600) return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

std::string valid_utf8(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    valid += size == 0 ? "\xEF\xBF\xBD" : text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return valid;
}

bool is_control(char byte) { return static_cast<unsigned char>(byte) < 0x20 || byte == 0x7F; }

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./=,:+-";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return std::string(word);
  const bool shows = is_utf8(word) && std::ranges::none_of(word, is_control);
  // $(...) removes line breaks at the end.
  if (!shows && word.back() != '\n') return printed_word(word);
  std::string quoted = "'";
  for (const char letter : word) quoted += letter == '\'' ? "'\\''" : std::string(1, letter);
  return quoted + "'";
}

std::string shell_path(std::string_view path) {
  return shell_quoted(path.starts_with('-') ? fmt::format("./{}", path) : std::string(path));
}

}  // namespace biossl
