#pragma once

#include <cstdint>

#include "biossl/core/workspace.h"
#include "biossl/losses/loss.h"

namespace biossl {

/// A loss of a batch whose pairs come in micro-batches, in order. Where a pair's error depends on a few earlier images
/// only (Loss::memory_span), each micro-batch is evaluated together with those images, so that the loss and the errors
/// equal those of the whole batch. Any other loss takes a batch as one micro-batch.
class MicroBatchLoss {
 public:
  /// Micro-batches of up to `micro_batch` pairs, batches of up to `batch`. Throws std::invalid_argument where the loss
  /// needs the whole batch and a micro-batch is smaller.
  MicroBatchLoss(Loss& loss, std::int64_t micro_batch, std::int64_t batch);

  /// Takes its buffers, for embeddings of so many numbers of that type.
  void prepare(std::int64_t features, DType dtype, Workspace& workspace);
  /// As Loss::evaluate, for the micro-batch that begins with pair `first` of its batch: embeddings and errors (2n, D)
  /// of its n pairs.
  void evaluate(const Tensor& embeddings, std::int64_t first, const StepContext& context, Tensor& errors,
                Tensor& totals);

 private:
  Loss& loss_;
  std::int64_t micro_batch_;
  std::int64_t span_;         // earlier images that an error depends on; 0: the batch is one micro-batch
  Tensor earlier_;            // (span, D): view 0 of the last pairs so far
  Tensor window_, d_window_;  // (2 (span + micro-batch), D): earlier pairs, then the micro-batch; and their errors
};

}  // namespace biossl
