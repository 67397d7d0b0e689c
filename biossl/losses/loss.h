#pragma once

#include <cstdint>

#include "biossl/core/registry.h"
#include "biossl/core/tensor.h"
#include "biossl/losses/head_kind.h"

namespace biossl {

/// What a loss prepares for.
struct LossShape {
  std::int64_t batch;     ///< the largest number of pairs
  std::int64_t features;  ///< D, numbers in an embedding of HeadKind::linear; others vary from block to block
  DType dtype;            ///< of embeddings and errors: float32, or float64 on the reference device
  Device device;
  std::uint64_t seed = 1;  ///< of whatever the loss draws at random
};

/// Where a run stands, and what there is to know about the batch beside its images.
struct StepContext {
  std::int64_t epoch = 0;  ///< 0 .. LearningRule::total_epochs()-1
  std::int64_t batch = 0;  ///< within the epoch
  double learning_rate = 0;
  Tensor labels;  ///< (B) int32, of the images; empty unless Loss::needs_labels()
  /// Number of pairs at the start that belong to the micro-batch before. The errors of later pairs depend on them; they
  /// add nothing to the loss, and their own errors are left alone. 0 unless the loss has a memory_span().
  std::int64_t earlier_pairs = 0;
};

/// What is to be small: a function of the embeddings of pairs of views, with its derivative, the error.
class Loss {
 public:
  static constexpr const char* kind = "loss";

  virtual ~Loss() = default;

  /// embeddings (2B, D): rows 0..B-1 are view 0, seen a moment ago, rows B..2B-1 view 1, seen now; row i and B+i are a
  /// pair. Writes the derivative by each embedding to errors (2B, D); where stops_gradient(), rows 0..B-1 are left
  /// alone. Adds to totals (2, float64): [0] the loss of the batch, [1] the number of current views (rows B..) with an
  /// error that is not zero.
  virtual void evaluate(const Tensor& embeddings, const StepContext& context, Tensor& errors, Tensor& totals) = 0;
  /// What makes its embeddings. Those of HeadKind::prediction have as many numbers as the block's output.
  virtual HeadKind head() const { return HeadKind::linear; }
  /// True where no error reaches view 0, a memory (the gradient block): it need not be propagated back.
  virtual bool stops_gradient() const = 0;

  /// Number of earlier images a pair's error depends on; -1: the whole batch. With a number, a batch may come in
  /// micro-batches (StepContext::earlier_pairs); that needs stops_gradient().
  virtual std::int64_t memory_span() const { return -1; }

  /// Property (i), as far as the loss goes: an error needs the present view and briefly remembered ones only, and
  /// changes only what is active now.
  virtual bool needs_only_recent_memory() const = 0;
  /// Property (ii): no normalisation, inner product or division.
  virtual bool is_plain_arithmetic() const = 0;
  /// Property (iv): no labels.
  virtual bool needs_labels() const { return false; }
};

using LossRegistry = Registry<Loss, const LossShape&>;

}  // namespace biossl
