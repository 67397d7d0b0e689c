#include "biossl/core/shape.h"

#include <fmt/format.h>

#include <algorithm>

#include "biossl/core/error.h"

namespace biossl {

Shape::Shape(std::initializer_list<std::int64_t> extents) {
  check(extents.size() <= max_rank, "shape", "{} extents; at most {} are possible", extents.size(), +max_rank);
  for (const std::int64_t extent : extents) {
    check(extent >= 0, "shape", "an extent is {}; it may not be negative", extent);
    extents_[static_cast<std::size_t>(rank_++)] = extent;
  }
  check_size();
}

void Shape::check_size() const {
  constexpr std::int64_t most = std::int64_t{1} << 58;  // the bytes still fit into 64 bits
  std::int64_t product = 1;
  for (int axis = 0; axis < rank_; ++axis) {
    const std::int64_t extent = (*this)[axis];
    check(extent == 0 || product <= most / extent, "shape", "{} has too many elements", to_string(*this));
    product *= std::max<std::int64_t>(extent, 1);
  }
}

std::int64_t Shape::size() const {
  std::int64_t product = 1;
  for (int axis = 0; axis < rank_; ++axis) product *= (*this)[axis];
  return product;
}

std::int64_t Shape::row_size() const {
  std::int64_t product = 1;
  for (int axis = 1; axis < rank_; ++axis) product *= (*this)[axis];
  return product;
}

Shape Shape::with_rows(std::int64_t rows) const {
  check(rank_ > 0, "shape", "a shape without extents has no rows");
  Shape result = *this;
  result.extents_[0] = rows;
  result.check_size();
  return result;
}

Shape batch_of(std::int64_t rows, const Shape& map) { return {rows, map[0], map[1], map[2]}; }

std::string to_string(const Shape& shape) {
  std::string text = "(";
  for (int axis = 0; axis < shape.rank(); ++axis) text += fmt::format("{}{}", axis > 0 ? ", " : "", shape[axis]);
  return text + ")";
}

}  // namespace biossl
