#include "biossl/evaluation/feature_table.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/parallel.h"
#include "biossl/ops/ops.h"

namespace biossl {
namespace {

/// Consecutive reads per thread.
constexpr std::int64_t file_grain = 16;

}  // namespace

FeatureTable::FeatureTable(Tensor values)
    : shape_(values.shape()), dtype_(values.dtype()), device_(values.device()), values_(std::move(values)) {
  check(shape_.rank() == 2, "features", "features are {}; one row an image is needed", to_string(shape_));
}

FeatureTable::FeatureTable(const Shape& shape, const FeatureStorage& kept, Device device)
    : shape_(shape), dtype_(kept.dtype), device_(device) {
  if (kept.folder.empty()) {
    values_ = Tensor(shape, dtype_, device);
    return;
  }
  check(device != Device::cuda, "features", "those of a cuda device are kept in its memory only");
  file_ = std::make_shared<ScratchFile>(kept.folder, shape[0] * row_bytes());
}

void FeatureTable::write(std::int64_t first, const Tensor& rows) {
  const std::int64_t count = rows.extent(0);
  if (!file_) {
    Tensor place = values_.rows(first, first + count).reshaped(rows.shape());
    ops::convert(rows, place);
    return;
  }
  if (narrow_.empty() || narrow_.extent(0) < count) narrow_ = Tensor({count, extent(1)}, dtype_, device_);
  Tensor narrow = narrow_.rows(0, count).reshaped(rows.shape());
  ops::convert(rows, narrow);
  file_->write(first * row_bytes(), {narrow.raw(), narrow.bytes()});
}

BatchReader::BatchReader(FeatureTable table, std::int64_t batch) : table_(std::move(table)), batch_(batch) {
  if (!table_.file_) return;
  fetched_ = Tensor({batch, table_.extent(1)}, table_.dtype(), table_.device());
  in_order_ = Tensor({batch}, DType::int32, table_.device());
  const auto places = in_order_.span<std::int32_t>();
  std::iota(places.begin(), places.end(), 0);
}

void BatchReader::read(const Tensor& order, const Take& take) {
  const std::int64_t images = order.extent(0);
  const auto numbers_from = [&](std::int64_t first) {
    return order.rows(std::min(first, images), std::min(first + batch_, images));
  };
  for (std::int64_t first = 0; first < images; first += batch_) {
    const Tensor numbers = numbers_from(first);
    if (!table_.file_) {
      take({.numbers = numbers, .values = table_.values_, .places = numbers});
      continue;
    }
    expect(numbers_from(first + batch_));
    fetch(numbers);
    take({.numbers = numbers, .values = fetched_, .places = in_order_.rows(0, numbers.extent(0))});
  }
}

void BatchReader::expect(const Tensor& numbers) const {
  const auto* number = numbers.data<std::int32_t>();
  parallel_for(numbers.size(), file_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      table_.file_->expect(number[n] * table_.row_bytes(), table_.row_bytes());
    }
  });
}

void BatchReader::fetch(const Tensor& numbers) {
  const auto* number = numbers.data<std::int32_t>();
  const std::int64_t bytes = table_.row_bytes();
  parallel_for(numbers.size(), file_grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      table_.file_->read(number[n] * bytes, {fetched_.raw() + n * bytes, static_cast<std::size_t>(bytes)});
    }
  });
}

}  // namespace biossl
