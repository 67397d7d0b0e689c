#include "biossl/backend/shared/draws.h"

#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void draw_uniform(const Random& stream, float bound, Tensor& dst) {
  Random random = stream;
  std::vector<double> values = zeros_like(dst);
  for (double& value : values) value = static_cast<double>(random.symmetric(bound));
  store(values, dst);
}

void draw_negatives(const Random& stream, Tensor& dst) {
  Random random = stream;
  const auto count = static_cast<std::int32_t>(dst.size());
  for (std::int32_t i = 0; i < count; ++i) {
    const auto other = static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(count - 1)));
    dst.data<std::int32_t>()[i] = count == 1 ? 0 : other + (other >= i ? 1 : 0);
  }
}

void random_permutation(const Random& stream, Tensor& dst) {
  shared::random_permutation(stream, dst.span<std::int32_t>());
}

}  // namespace biossl::reference
