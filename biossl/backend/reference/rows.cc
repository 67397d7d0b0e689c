#include <cstring>

#include "biossl/backend/backend.h"

namespace biossl::reference {

void gather_rows(const Tensor& src, const Tensor& rows, Tensor& dst) {
  const std::size_t row_bytes = static_cast<std::size_t>(src.shape().row_size()) * size_of(src.dtype());
  std::byte* to = dst.raw();
  for (const std::int32_t row : rows.span<std::int32_t>()) {
    std::memcpy(to, src.raw() + static_cast<std::size_t>(row) * row_bytes, row_bytes);
    to += row_bytes;
  }
}

void scatter_rows(const Tensor& from, const Tensor& to, Tensor& tensor) {
  const std::size_t row_bytes = static_cast<std::size_t>(tensor.shape().row_size()) * size_of(tensor.dtype());
  for (std::int64_t k = 0; k < from.size(); ++k) {
    std::memcpy(tensor.raw() + static_cast<std::size_t>(to.data<std::int32_t>()[k]) * row_bytes,
                tensor.raw() + static_cast<std::size_t>(from.data<std::int32_t>()[k]) * row_bytes, row_bytes);
  }
}

}  // namespace biossl::reference
