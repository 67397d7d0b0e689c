#include "biossl/data/batch_sampler.h"

#include <algorithm>

#include "biossl/core/random.h"
#include "biossl/ops/ops.h"

namespace biossl {

BatchSampler::BatchSampler(std::uint64_t seed, std::int64_t images, std::int64_t batch, Device device)
    : seed_(seed), batch_(batch) {
  check(images > 0 && batch > 0, "batch_sampler", "{} images in batches of {}; both must be at least 1", images, batch);
  order_ = Tensor({images}, DType::int32, device);
  start_epoch(0);
}

BatchSampler::BatchSampler(std::uint64_t seed, std::span<const std::int32_t> chosen, std::int64_t batch, Device device)
    : BatchSampler(seed, std::ssize(chosen), batch, device) {
  chosen_ = Tensor({images()}, DType::int32, Device::reference);
  std::ranges::copy(chosen, chosen_.data<std::int32_t>());
  permutation_ = Tensor({images()}, DType::int32, Device::reference);
  start_epoch(0);
}

void BatchSampler::start_epoch(std::uint32_t epoch) {
  ops::random_permutation(Random(seed_, Purpose::shuffle, epoch), order_);
  if (chosen_.empty()) return;
  copy(order_, permutation_);
  for (std::int32_t& place : permutation_.span<std::int32_t>()) place = chosen_.data<const std::int32_t>()[place];
  copy(permutation_, order_);
}

std::int64_t BatchSampler::batches() const { return (images() + batch_ - 1) / batch_; }

Tensor BatchSampler::rows(std::int64_t batch) const {
  check(batch >= 0 && batch < batches(), "batch_sampler", "batch {} of {}", batch, batches());
  return order_.rows(batch * batch_, std::min(images(), (batch + 1) * batch_));
}

}  // namespace biossl
