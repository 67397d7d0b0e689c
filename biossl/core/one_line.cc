#include "biossl/core/one_line.h"

#include <algorithm>

#include "biossl/core/text.h"

namespace biossl {

std::string one_line(std::string_view text) {
  std::string line = valid_utf8(text);
  std::ranges::replace_if(line, is_control, '?');
  return line;
}

}  // namespace biossl
