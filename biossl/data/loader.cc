#include "biossl/data/loader.h"

#include <algorithm>

#include "biossl/core/random.h"
#include "biossl/ops/ops.h"

namespace biossl {

BatchLoader::BatchLoader(std::uint64_t seed, std::int64_t images, std::int64_t batch, Device device)
    : seed_(seed), batch_(batch) {
  check(images > 0 && batch > 0, "loader", "{} images in batches of {}; both must be at least 1", images, batch);
  order_ = Tensor({images}, DType::int32, device);
  start_epoch(0);
}

void BatchLoader::start_epoch(std::uint32_t epoch) {
  ops::random_permutation(Random(seed_, Purpose::shuffle, epoch), order_);
}

std::int64_t BatchLoader::batches() const { return (order_.size() + batch_ - 1) / batch_; }

Tensor BatchLoader::rows(std::int64_t batch) const {
  check(batch >= 0 && batch < batches(), "loader", "batch {} of {}", batch, batches());
  return order_.rows(batch * batch_, std::min(order_.size(), (batch + 1) * batch_));
}

}  // namespace biossl
