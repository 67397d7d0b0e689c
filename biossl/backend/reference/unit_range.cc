#include "biossl/backend/backend.h"
#include "biossl/backend/reference/elements.h"

namespace biossl::reference {

void unit_range(const Tensor& pixels, const Tensor& rows, Tensor& dst) {
  const auto* row = rows.data<std::int32_t>();
  const std::int64_t size = pixels.shape().row_size();
  std::vector<double> output = zeros_like(dst);
  for (std::int64_t i = 0; i < dst.size(); ++i) {
    const std::uint8_t pixel = pixels.data<std::uint8_t>()[row[i / size] * size + i % size];
    output[static_cast<std::size_t>(i)] = pixel / 255.0;
  }
  store(output, dst);
}

}  // namespace biossl::reference
