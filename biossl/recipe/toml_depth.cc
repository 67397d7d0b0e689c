#include "biossl/recipe/toml_depth.h"

#include <algorithm>
#include <string>
#include <vector>

namespace biossl {
namespace {

/// Counts the levels of keys and brackets from the start of a text to its end.
class LevelCounter {
 public:
  explicit LevelCounter(std::string_view text) : text_(text) {}

  std::int64_t line_too_deep() {
    while (at_ < text_.size()) {
      const char letter = text_[at_];
      if (letter == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (letter == '"' || letter == '\'') {
        pass_quoted(letter);
      } else {
        count(letter);
        ++at_;
      }
      if (levels_ > most_toml_levels) return line_;
    }
    return 0;
  }

 private:
  /// Every dot of a key is a level, and so is every bracket. The one dot of a number is counted too; it does no harm.
  void count(char letter) {
    if (letter == '.') {
      ++levels_;
    } else if (letter == '[' || letter == '{') {
      outside_.push_back(++levels_);
    } else if (letter == ']' || letter == '}') {
      if (outside_.size() > 1) outside_.pop_back();
      levels_ = outside_.back();
    } else if (letter == ',' || letter == '\n') {
      levels_ = outside_.back();
      if (letter == '\n') ++line_;
    }
  }

  /// Goes behind a text in quotes, or in three of them each. One of a line alone ends with its line at the latest.
  void pass_quoted(char quote) {
    const std::string three(3, quote);
    const bool has_lines = text_.substr(at_).starts_with(three);
    for (at_ += has_lines ? 3 : 1; at_ < text_.size(); ++at_) {
      const char letter = text_[at_];
      if (letter == '\n') {
        if (!has_lines) return;
        ++line_;
      } else if (letter == '\\' && quote == '"') {
        if (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
      } else if (letter == quote && !has_lines) {
        ++at_;
        return;
      } else if (text_.substr(at_).starts_with(three)) {
        at_ += 3;
        for (int own = 0; own < 2 && at_ < text_.size() && text_[at_] == quote; ++own) ++at_;  // the text ends in them
        return;
      }
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::int64_t line_ = 1;
  std::size_t levels_ = 0;
  std::vector<std::size_t> outside_{0};  // the levels at which what is in each open bracket begins
};

}  // namespace

std::int64_t line_nested_too_deep(std::string_view text) { return LevelCounter(text).line_too_deep(); }

}  // namespace biossl
