#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"
#include "biossl/backend/shared/normal.h"

namespace biossl::reference {

void add_noise(const Random& stream, double spread, const Tensor& src, Tensor& dst) {
  std::vector<double> values = load(src);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto words = stream.words_at(static_cast<std::uint32_t>(i / 4));
    const std::size_t first = i % 4 < 2 ? 0 : 2;
    const auto pair = shared::exact_normal_pair(words[first], words[first + 1]);
    values[i] += spread * (i % 2 == 0 ? pair.first : pair.second);
  }
  store(values, dst);
}

}  // namespace biossl::reference
