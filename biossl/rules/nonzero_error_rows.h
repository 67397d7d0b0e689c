#pragma once

#include <cstdint>

#include "biossl/core/tensor.h"

namespace biossl {

/// Which images of a batch there is something to learn from. A loss such as the hinge leaves the error of an image
/// whose pairs keep their margins at exactly zero, and such an image adds nothing to any update: so the others are
/// brought together, and the way down runs on them alone. Sums then run over fewer images and in another order; nothing
/// else changes.
///
/// Rows are counted from the first that learning looks at. The images of each view stay among themselves, at the border
/// between the views: those of view 0 at the end of their half, those of view 1 at the beginning of theirs, so that all
/// form one range. It is rounded up, by images without an error, to one of a few sizes, none of them 0: primitives are
/// made for a size, and an optimiser takes a step even where nothing is learnt.
class NonzeroErrorRows {
 public:
  /// Of batches of up to `pairs` pairs; each view's rows are rounded up to a multiple of one `sizes`-th of that.
  NonzeroErrorRows(std::int64_t pairs, Device device);

  /// errors (rows, D) by embedding; the first `border` rows are of view 0 (0 where the loss stops the gradient of view
  /// 0). Looks at the numbers on host devices only; elsewhere every row is taken to have an error, as looking would
  /// mean waiting.
  void find(const Tensor& errors, std::int64_t border);
  /// Takes every one of so many rows, whatever its error.
  void take_all(std::int64_t rows);
  /// True where find() found rows to leave out.
  bool leaves_rows_out() const { return end_ - begin_ < rows_; }
  /// The range that the rows with an error lie in after gather().
  std::int64_t begin() const { return begin_; }
  std::int64_t end() const { return end_; }
  /// Moves a tensor's rows to where the range has them. What lies outside the range afterwards has no meaning.
  void gather(Tensor& rows) const;
  /// Writes the rows of the range, from where `rows` has them before any gather(), to `range` (end - begin, ...).
  void gather(const Tensor& rows, Tensor& range) const;

 private:
  static constexpr std::int64_t sizes = 32;

  /// Finds the rows of one view, [first, last), and where in it they are to lie: at its end or its beginning.
  void find_view(const Tensor& errors, std::int64_t first, std::int64_t last, bool at_end);
  std::int64_t round_up(std::int64_t count, std::int64_t all) const;

  std::int64_t granule_;
  std::int64_t rows_ = 0, begin_ = 0, end_ = 0;
  std::int64_t moves_ = 0;
  Tensor from_, to_;  // int32: the moves
  Tensor order_;      // int32: which row lies where after them
};

}  // namespace biossl
