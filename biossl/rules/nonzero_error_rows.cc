#include "biossl/rules/nonzero_error_rows.h"

#include <algorithm>
#include <numeric>

#include "biossl/ops/ops.h"

namespace biossl {
namespace {

template <class T>
bool any_nonzero(const T* row, std::int64_t size) {
  return std::any_of(row, row + size, [](T value) { return value != T(0); });  // true of NaN
}

bool has_error(const Tensor& errors, std::int64_t row) {
  const std::int64_t size = errors.shape().row_size();
  if (errors.dtype() == DType::float64) return any_nonzero(errors.data<double>() + row * size, size);
  return any_nonzero(errors.data<float>() + row * size, size);
}

}  // namespace

NonzeroErrorRows::NonzeroErrorRows(std::int64_t pairs, Device device)
    : granule_(std::max<std::int64_t>(pairs / sizes, 1)) {
  for (Tensor* rows : {&from_, &to_, &order_}) *rows = Tensor({2 * pairs}, DType::int32, device);
}

void NonzeroErrorRows::find(const Tensor& errors, std::int64_t border) {
  rows_ = end_ = errors.extent(0);
  begin_ = moves_ = 0;
  if (errors.device() == Device::cuda) return;
  std::iota(order_.data<std::int32_t>(), order_.data<std::int32_t>() + rows_, 0);
  find_view(errors, 0, border, true);
  find_view(errors, border, rows_, false);
}

void NonzeroErrorRows::take_all(std::int64_t rows) {
  rows_ = end_ = rows;
  begin_ = moves_ = 0;
}

void NonzeroErrorRows::find_view(const Tensor& errors, std::int64_t first, std::int64_t last, bool at_end) {
  std::int64_t count = 0;
  for (std::int64_t row = first; row < last; ++row) count += has_error(errors, row) ? 1 : 0;
  const std::int64_t kept = round_up(count, last - first);
  // The range that stays, and the rows outside it, from where errors are moved into its gaps.
  if (at_end) begin_ = last - kept;
  if (!at_end) end_ = first + kept;
  const std::int64_t inside = at_end ? begin_ : first;
  std::int64_t outside = at_end ? first : end_;
  for (std::int64_t gap = inside; gap < inside + kept; ++gap) {
    if (has_error(errors, gap)) continue;
    const std::int64_t stop = at_end ? begin_ : last;
    while (outside < stop && !has_error(errors, outside)) ++outside;
    if (outside == stop) return;
    from_.data<std::int32_t>()[moves_] = static_cast<std::int32_t>(outside);
    to_.data<std::int32_t>()[moves_++] = static_cast<std::int32_t>(gap);
    order_.data<std::int32_t>()[gap] = static_cast<std::int32_t>(outside++);
  }
}

std::int64_t NonzeroErrorRows::round_up(std::int64_t count, std::int64_t all) const {
  return std::min((std::max<std::int64_t>(count, 1) + granule_ - 1) / granule_ * granule_, all);
}

void NonzeroErrorRows::gather(Tensor& rows) const {
  if (moves_ > 0) ops::scatter_rows(from_.rows(0, moves_), to_.rows(0, moves_), rows);
}

void NonzeroErrorRows::gather(const Tensor& rows, Tensor& range) const {
  ops::gather_rows(rows, order_.rows(begin_, end_), range);
}

}  // namespace biossl
