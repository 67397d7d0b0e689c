#include "biossl/data/loader.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

#include "biossl/core/random.h"

namespace biossl {

void epoch_order(std::uint64_t seed, std::uint32_t epoch, std::span<std::int32_t> order) {
  std::iota(order.begin(), order.end(), 0);
  Random random(seed, Purpose::shuffle, epoch);
  for (std::size_t left = order.size(); left > 1; --left) {
    std::swap(order[left - 1], order[random.below(static_cast<std::uint32_t>(left))]);
  }
}

std::vector<std::int32_t> epoch_order(std::uint64_t seed, std::uint32_t epoch, std::int64_t images) {
  check(images >= 0 && images <= std::numeric_limits<std::int32_t>::max(), "epoch_order", "{} images", images);
  std::vector<std::int32_t> order(static_cast<std::size_t>(images));
  epoch_order(seed, epoch, order);
  return order;
}

BatchLoader::BatchLoader(std::uint64_t seed, std::int64_t images, std::int64_t batch, Device device)
    : seed_(seed), batch_(batch) {
  check(images > 0 && images <= std::numeric_limits<std::int32_t>::max() && batch > 0, "loader",
        "{} images in batches of {}; both must be at least 1", images, batch);
  order_ = Tensor({images}, DType::int32, device == Device::reference ? device : Device::cpu);
  resident_ = device == Device::cuda ? Tensor({images}, DType::int32, device) : order_;
  start_epoch(0);
}

void BatchLoader::start_epoch(std::uint32_t epoch) {
  epoch_order(seed_, epoch, order_.span<std::int32_t>());
  if (resident_.device() == Device::cuda) copy(order_, resident_);
}

std::int64_t BatchLoader::batches() const { return (order_.size() + batch_ - 1) / batch_; }

Tensor BatchLoader::rows(std::int64_t batch) const {
  check(batch >= 0 && batch < batches(), "loader", "batch {} of {}", batch, batches());
  return resident_.rows(batch * batch_, std::min(order_.size(), (batch + 1) * batch_));
}

}  // namespace biossl
