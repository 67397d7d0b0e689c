#include <algorithm>
#include <cstring>

#include "biossl/backend/backend.h"
#include "biossl/core/parallel.h"

namespace biossl::cpu::BIOSSL_LEVEL {
namespace {

std::size_t row_bytes(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.shape().row_size()) * size_of(tensor.dtype());
}

}  // namespace

void gather_rows(const Tensor& src, const Tensor& rows, Tensor& dst) {
  const std::size_t bytes = row_bytes(src);
  const std::int32_t* row = rows.data<std::int32_t>();
  constexpr std::size_t worth_a_thread = 65536;  // bytes
  const auto grain = static_cast<std::int64_t>(worth_a_thread / std::max<std::size_t>(bytes, 1) + 1);
  parallel_for(rows.size(), grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      std::memcpy(dst.raw() + static_cast<std::size_t>(n) * bytes, src.raw() + static_cast<std::size_t>(row[n]) * bytes,
                  bytes);
    }
  });
}

void scatter_rows(const Tensor& from, const Tensor& to, Tensor& tensor) {
  const std::size_t bytes = row_bytes(tensor);
  const std::int32_t* sources = from.data<std::int32_t>();
  const std::int32_t* places = to.data<std::int32_t>();
  parallel_for(from.size(), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t k = begin; k < end; ++k) {
      std::memcpy(tensor.raw() + static_cast<std::size_t>(places[k]) * bytes,
                  tensor.raw() + static_cast<std::size_t>(sources[k]) * bytes, bytes);
    }
  });
}

}  // namespace biossl::cpu::BIOSSL_LEVEL
