#pragma once

#include <cstdint>
#include <vector>

#include "biossl/core/shape.h"

namespace biossl {

/// Brings images of one size, uint8, to a square of S x S: the middle square of an image, as large as its shorter side
/// allows or a share of that, is scaled by a triangle filter. Shrinking widens the filter, so that nothing aliases:
///   out(x) = sum_i w((i + 1/2 - c) / r) in(i) / sum_i w(…),  w(t) = max(0, 1 - |t|),  r = max(1, side / S),
/// c the centre of pixel x of the result, first along rows, then along columns. Thread-safe.
class Resizer {
 public:
  /// from: (H, W, C). side: S, at least 1. crop: the square's side as a share of the shorter side, above 0 and up to 1.
  Resizer(const Shape& from, std::int64_t side, double crop = 1);

  /// (S, S, C)
  const Shape& result() const { return result_; }
  /// Allocates nothing after a thread's first image of this size.
  void operator()(const std::uint8_t* from, std::uint8_t* to) const;

 private:
  /// The weights of one axis: those of output x are for inputs first[x], first[x] + 1, … `first` never falls.
  struct Axis {
    std::int64_t taps = 0;
    std::vector<std::int64_t> first;
    std::vector<float> weights;  // (S, taps)
  };
  static Axis make_axis(std::int64_t extent, std::int64_t window, std::int64_t side);

  Shape from_, result_;
  bool is_same_;
  Axis rows_, columns_;
};

}  // namespace biossl
