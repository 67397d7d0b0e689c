#pragma once

#include <cstdint>

#include "biossl/core/workspace.h"
#include "biossl/losses/loss.h"

namespace biossl {

/// A loss of a batch whose pairs come in chunks, in order. Where its errors depend on a few remembered images only
/// (Loss::memory_span), each chunk is evaluated behind just those of the chunk before, so that the loss and the errors
/// are those of the batch as one; any other loss takes a batch as one chunk.
class LossInChunks {
 public:
  /// Chunks of up to `chunk` pairs, batches of up to `batch`. Throws std::invalid_argument where the loss needs a batch
  /// whole and a chunk is less.
  LossInChunks(Loss& loss, std::int64_t chunk, std::int64_t batch);

  /// Takes its buffers, for embeddings of so many numbers of that type.
  void prepare(std::int64_t features, DType dtype, Workspace& workspace);
  /// As Loss::evaluate, for the chunk that begins with pair `first` of its batch: embeddings and errors (2n, D) of its
  /// n pairs.
  void evaluate(const Tensor& embeddings, std::int64_t first, const Moment& moment, Tensor& errors, Tensor& totals);

 private:
  Loss& loss_;
  std::int64_t chunk_;
  std::int64_t span_;         // images looked back at; 0: the batch is one chunk
  Tensor remembered_;         // (span, D): view 0 of the last pairs so far
  Tensor window_, d_window_;  // (2 (span + chunk), D): the chunk behind what it looks back at, and the errors
};

}  // namespace biossl
