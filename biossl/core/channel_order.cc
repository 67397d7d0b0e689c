#include "biossl/core/channel_order.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace biossl {
namespace {

/// to[n][b][a] = from[n][a][b] for elements of `width` bytes.
template <std::size_t width>
void exchange_axes(const std::byte* from, std::byte* to, std::int64_t rows, std::int64_t a, std::int64_t b) {
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t i = 0; i < a; ++i) {
      for (std::int64_t j = 0; j < b; ++j, from += width) {
        std::memcpy(to + static_cast<std::size_t>((row * b + j) * a + i) * width, from, width);
      }
    }
  }
}

/// maps (N, a b), seen as (N, a, b), to (N, b, a) under another shape.
Tensor exchanged(const Tensor& maps, std::int64_t a, std::int64_t b, const Shape& shape) {
  Tensor result(shape, maps.dtype(), maps.device());
  const auto exchange = [&](auto width) { exchange_axes<width()>(maps.raw(), result.raw(), maps.extent(0), a, b); };
  switch (size_of(maps.dtype())) {
    case 1:
      exchange(std::integral_constant<std::size_t, 1>());
      break;
    case 2:
      exchange(std::integral_constant<std::size_t, 2>());
      break;
    case 4:
      exchange(std::integral_constant<std::size_t, 4>());
      break;
    default:
      exchange(std::integral_constant<std::size_t, 8>());
  }
  return result;
}

}  // namespace

Tensor channels_first(const Tensor& maps) {
  const Shape& s = maps.shape();
  return exchanged(maps, s[1] * s[2], s[3], {s[0], s[3], s[1], s[2]});
}

Tensor channels_last(const Tensor& maps) {
  const Shape& s = maps.shape();
  return exchanged(maps, s[1], s[2] * s[3], {s[0], s[2], s[3], s[1]});
}

}  // namespace biossl
