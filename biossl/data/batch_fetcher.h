#pragma once

#include <sys/types.h>

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "biossl/data/dataset.h"

namespace biossl {

/// Reads batches of a data set that is not in memory, the announced one in the background. Threads of its own fetch
/// pieces of a batch, each into its own place, so the result does not depend on their number. Allocates in the
/// constructor only. For one caller at a time.
class BatchFetcher {
 public:
  /// batch: largest number of images at a time. device: of the batches, one in host memory. The data set must outlive
  /// the fetcher. Starts as many threads as compute now (threads()), at most eight.
  BatchFetcher(const Dataset& dataset, std::int64_t batch, Device device);
  BatchFetcher(const BatchFetcher&) = delete;
  BatchFetcher& operator=(const BatchFetcher&) = delete;
  ~BatchFetcher();

  /// Begins to read these images (at most a batch); the next call of `get` may be for them. Throws
  /// std::invalid_argument in a process that was forked, which has no such threads.
  void expect(std::span<const std::int32_t> rows);
  /// The images (rows, H, W, C) uint8. They are read now unless they were expected or are those of the last call. Valid
  /// until the next call for other images. Rethrows what `Dataset::fetch` throws.
  Tensor get(std::span<const std::int32_t> rows);

 private:
  struct Batch {
    std::vector<std::int32_t> rows;
    Tensor images;
  };

  /// The threads, and what they share with the caller.
  struct Readers {
    std::mutex mutex;
    std::condition_variable has_work, is_done;
    std::size_t taken = 0;  // images of next_ that a thread has taken
    std::size_t done = 0;   // images of next_ that have been read
    bool stopping = false;
    std::exception_ptr thrown;
    std::vector<std::thread> threads;
  };

  void work();
  void start(std::span<const std::int32_t> rows);
  void wait();

  bool is_forked() const;

  const Dataset& dataset_;
  Batch current_, next_;
  bool expecting_ = false;  // whether next_ is being read, or has been
  pid_t process_;           // that the threads belong to
  std::unique_ptr<Readers> readers_;
};

}  // namespace biossl
