#include "biossl/evaluation/whole_images.h"

#include <algorithm>
#include <numeric>
#include <span>

#include "biossl/ops/ops.h"

namespace biossl {

WholeImages::WholeImages(const Dataset& dataset, std::int64_t batch, DType dtype, Device device)
    : dataset_(dataset), images_(batch_of(batch, dataset.image_shape()), dtype, device), each_(iota(batch, device)) {
  if (device != Device::cpu) pixels_ = Tensor(images_.shape(), DType::uint8, device);
  if (dataset.is_resident()) return;
  fetcher_ = std::make_unique<BatchFetcher>(dataset, batch, Device::cpu);
  numbers_.resize(static_cast<std::size_t>(total()));
  std::iota(numbers_.begin(), numbers_.end(), 0);
}

Tensor WholeImages::bytes_from(std::int64_t first, std::int64_t count) {
  if (fetcher_ == nullptr) return dataset_.pixels().rows(first, first + count);
  const auto rows = [&](std::int64_t begin) {
    const std::int64_t most = std::min(batch(), total() - begin);
    return std::span(numbers_).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(most));
  };
  const Tensor bytes = fetcher_->get(rows(first));
  if (first + count < total()) fetcher_->expect(rows(first + count));
  return bytes;
}

Tensor WholeImages::operator()(std::int64_t first) {
  const std::int64_t count = std::min(batch(), total() - first);
  Tensor from = bytes_from(first, count);
  if (!pixels_.empty()) {
    Tensor there = pixels_.rows(0, count);
    copy(from, there);
    from = there;
  }
  Tensor images = images_.rows(0, count);
  ops::unit_range(from, each_.rows(0, count), images);
  return images;
}

}  // namespace biossl
