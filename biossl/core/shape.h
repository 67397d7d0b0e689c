#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>

namespace biossl {

/// Up to four extents, outermost first: activations (N, H, W, C), weights (O, H, W, I), embeddings (N, D).
class Shape {
 public:
  static constexpr int max_rank = 4;

  Shape() = default;
  /// Throws std::invalid_argument for a rank above four, a negative extent, or more than 2^58 elements.
  Shape(std::initializer_list<std::int64_t> extents);

  int rank() const { return rank_; }
  std::int64_t operator[](int axis) const { return extents_[static_cast<std::size_t>(axis)]; }
  /// The number of elements; 1 for rank 0.
  std::int64_t size() const;
  /// The number of elements per index of the outermost axis.
  std::int64_t row_size() const;
  /// The same shape with another outermost extent.
  Shape with_rows(std::int64_t rows) const;
  bool operator==(const Shape&) const = default;

 private:
  void check_size() const;

  std::array<std::int64_t, max_rank> extents_{};
  int rank_ = 0;
};

/// A batch of maps: (rows, H, W, C) for a map (H, W, C).
Shape batch_of(std::int64_t rows, const Shape& map);

/// "(500, 32, 32, 3)"
std::string to_string(const Shape& shape);

}  // namespace biossl
