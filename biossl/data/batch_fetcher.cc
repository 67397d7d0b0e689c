#include "biossl/data/batch_fetcher.h"

#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "biossl/core/error.h"
#include "biossl/core/parallel.h"

namespace biossl {
namespace {

constexpr int most_readers = 8;
constexpr std::size_t piece = 16;  // images that a thread takes at a time

}  // namespace

BatchFetcher::BatchFetcher(const Dataset& dataset, std::int64_t batch, Device device)
    : dataset_(dataset), process_(getpid()), readers_(std::make_unique<Readers>()) {
  check(batch > 0 && device != Device::cuda, "data", "batches of {} images on {} cannot be fetched", batch,
        name_of(device));
  for (Batch* each : {&current_, &next_}) {
    each->rows.reserve(static_cast<std::size_t>(batch));
    each->images = Tensor(batch_of(batch, dataset.image_shape()), DType::uint8, device);
  }
  const int readers = std::min(threads(), most_readers);
  try {
    while (std::ssize(readers_->threads) < readers) readers_->threads.emplace_back([this] { work(); });
  } catch (const std::system_error&) {
    if (readers_->threads.empty()) throw;  // the system has no thread left; with fewer it goes on
  }
}

BatchFetcher::~BatchFetcher() {
  if (is_forked()) {
    // A forked process does not have these threads. To destroy their handles would end it, and to join them would never
    // return.
    static_cast<void>(readers_.release());
    return;
  }
  {
    const std::lock_guard lock(readers_->mutex);
    readers_->stopping = true;
  }
  readers_->has_work.notify_all();
  for (std::thread& reader : readers_->threads) reader.join();
}

bool BatchFetcher::is_forked() const { return getpid() != process_; }

void BatchFetcher::work() {
  const std::int64_t bytes = dataset_.image_shape().size();
  std::unique_lock lock(readers_->mutex);
  while (true) {
    readers_->has_work.wait(lock, [this] { return readers_->stopping || readers_->taken < next_.rows.size(); });
    if (readers_->stopping) return;
    const std::size_t first = readers_->taken;
    const std::size_t count = std::min(piece, next_.rows.size() - first);
    readers_->taken += count;
    lock.unlock();
    std::exception_ptr fault;
    try {
      dataset_.fetch(std::span(next_.rows).subspan(first, count),
                     next_.images.data<std::uint8_t>() + static_cast<std::int64_t>(first) * bytes);
    } catch (...) {
      fault = std::current_exception();
    }
    lock.lock();
    if (fault) readers_->thrown = fault;
    readers_->done += count;
    if (readers_->done == next_.rows.size()) readers_->is_done.notify_all();
  }
}

void BatchFetcher::start(std::span<const std::int32_t> rows) {
  {
    const std::lock_guard lock(readers_->mutex);
    next_.rows.assign(rows.begin(), rows.end());
    readers_->taken = readers_->done = 0;
    readers_->thrown = nullptr;
  }
  expecting_ = true;
  readers_->has_work.notify_all();
}

/// Readers hold no piece of next_ afterwards.
void BatchFetcher::wait() {
  std::unique_lock lock(readers_->mutex);
  readers_->is_done.wait(lock, [this] { return readers_->done == next_.rows.size(); });
}

void BatchFetcher::expect(std::span<const std::int32_t> rows) {
  check(!is_forked(), "data",
        "a fork leaves behind the threads that read these images; make what reads them, a trainer for one, in the new "
        "process");
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
    if (readers_->thrown) {
      current_.rows.clear();
      std::rethrow_exception(std::exchange(readers_->thrown, nullptr));
    }
    const std::lock_guard lock(readers_->mutex);
    std::swap(current_, next_);
    next_.rows.clear();
    readers_->taken = readers_->done = 0;
  }
  return current_.images.rows(0, static_cast<std::int64_t>(rows.size()));
}

}  // namespace biossl
