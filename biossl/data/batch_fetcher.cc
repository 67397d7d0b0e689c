#include "biossl/data/batch_fetcher.h"

#include <algorithm>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/parallel.h"

namespace biossl {
namespace {

constexpr int most_readers = 8;
constexpr std::size_t piece = 16;  // images that a thread takes at a time

}  // namespace

BatchFetcher::BatchFetcher(const Dataset& dataset, std::int64_t batch, Device device) : dataset_(dataset) {
  check(batch > 0 && device != Device::cuda, "data", "batches of {} images on {} cannot be fetched", batch,
        name_of(device));
  for (Batch* each : {&current_, &next_}) {
    each->rows.reserve(static_cast<std::size_t>(batch));
    each->images = Tensor(batch_of(batch, dataset.image_shape()), DType::uint8, device);
  }
  const int readers = std::min(threads(), most_readers);
  for (int i = 0; i < readers; ++i) readers_.emplace_back([this] { work(); });
}

BatchFetcher::~BatchFetcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  has_work_.notify_all();
  for (std::thread& reader : readers_) reader.join();
}

void BatchFetcher::work() {
  const std::int64_t bytes = dataset_.image_shape().size();
  std::unique_lock lock(mutex_);
  while (true) {
    has_work_.wait(lock, [this] { return stopping_ || taken_ < next_.rows.size(); });
    if (stopping_) return;
    const std::size_t first = taken_;
    const std::size_t count = std::min(piece, next_.rows.size() - first);
    taken_ += count;
    lock.unlock();
    std::exception_ptr fault;
    try {
      dataset_.fetch(std::span(next_.rows).subspan(first, count),
                     next_.images.data<std::uint8_t>() + static_cast<std::int64_t>(first) * bytes);
    } catch (...) {
      fault = std::current_exception();
    }
    lock.lock();
    if (fault) thrown_ = fault;
    done_ += count;
    if (done_ == next_.rows.size()) is_done_.notify_all();
  }
}

void BatchFetcher::start(std::span<const std::int32_t> rows) {
  {
    const std::lock_guard lock(mutex_);
    next_.rows.assign(rows.begin(), rows.end());
    taken_ = done_ = 0;
    thrown_ = nullptr;
  }
  expecting_ = true;
  has_work_.notify_all();
}

/// Readers hold no piece of next_ afterwards.
void BatchFetcher::wait() {
  std::unique_lock lock(mutex_);
  is_done_.wait(lock, [this] { return done_ == next_.rows.size(); });
}

void BatchFetcher::expect(std::span<const std::int32_t> rows) {
  check(static_cast<std::int64_t>(rows.size()) <= next_.images.extent(0), "data", "{} images in batches of {}",
        rows.size(), next_.images.extent(0));
  if (expecting_ && std::ranges::equal(rows, next_.rows)) return;
  if (expecting_) wait();
  start(rows);
}

Tensor BatchFetcher::get(std::span<const std::int32_t> rows) {
  if (!std::ranges::equal(rows, current_.rows)) {
    expect(rows);
    wait();
    expecting_ = false;
    if (thrown_) {
      current_.rows.clear();
      std::rethrow_exception(std::exchange(thrown_, nullptr));
    }
    const std::lock_guard lock(mutex_);
    std::swap(current_, next_);
    next_.rows.clear();
    taken_ = done_ = 0;
  }
  return current_.images.rows(0, static_cast<std::int64_t>(rows.size()));
}

}  // namespace biossl
