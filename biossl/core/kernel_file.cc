#include "biossl/core/kernel_file.h"

#include <fstream>

namespace biossl {

std::optional<std::int64_t> kernel_number(const std::filesystem::path& file, const std::string& key) {
  std::ifstream stream(file);
  for (std::string word; !key.empty() && stream >> word && word != key;) continue;
  std::int64_t number = 0;
  return stream >> number ? std::optional(number) : std::nullopt;
}

}  // namespace biossl
