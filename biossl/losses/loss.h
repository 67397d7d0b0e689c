#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "biossl/core/patch_grid.h"
#include "biossl/core/plausibility.h"
#include "biossl/core/registry.h"
#include "biossl/core/state.h"
#include "biossl/core/step_context.h"
#include "biossl/core/tensor.h"

namespace biossl {

/// What a loss is made for. Every head has a loss of its own.
struct LossSetup {
  std::int64_t batch;     ///< the largest number of pairs; of images that views cut into patches
  std::int64_t features;  ///< D, numbers in an embedding
  DType dtype;            ///< of embeddings and errors: float32, or float64 on the reference device
  Device device;
  std::uint64_t seed = 1;  ///< of whatever the loss draws at random
  int block = 0;           ///< the block that the head stands on
  PatchGrid grid = {};     ///< the patches of a view, for a loss that compares them
  int views = 2;           ///< of an image
};

/// Makes the loss of the head on a block with embeddings of so many features.
using LossFactory = std::function<std::unique_ptr<class Loss>(int block, std::int64_t features)>;

/// A function of the embeddings of pairs of views that is to become small, and its derivative, the error.
class Loss {
 public:
  static constexpr const char* kind = "loss";
  /// What is asked before a loss is made.
  struct Traits {
    bool compares_patches = false;  ///< whether it takes views that are cut into patches, and no others
  };

  virtual ~Loss() = default;

  /// embeddings (2B, D): rows 0..B-1 are view 0, rows B..2B-1 view 1; rows i and B+i are a pair. Writes the derivative
  /// by each embedding to errors (2B, D); where stops_gradient(), rows 0..B-1 are left alone. Adds to totals (2,
  /// float64): [0] the loss of the batch, [1] the number of rows B.. with an error that is not zero.
  /// A loss that compares patches gets (V B rows columns, D) instead, with V, rows and columns of its LossSetup: the
  /// embedding of patch (r, c) of view v of image i is row ((v B + i) rows + r) columns + c. It stops no gradient, and
  /// totals[1] counts the images of the last view that have an error.
  virtual void evaluate(const Tensor& embeddings, const StepContext& context, Tensor& errors, Tensor& totals) = 0;
  /// The kind of head that it needs, where the recipe names none.
  virtual std::string head() const { return "linear"; }
  /// How many predictions it needs of a head which predicts several vectors from an output.
  virtual std::int64_t predictions() const { return 1; }
  /// True where no error reaches view 0 (the gradient block): nothing is sent back for it.
  virtual bool stops_gradient() const = 0;
  /// Number of earlier images a pair's error depends on; -1: the whole batch. With a number, a batch may come in
  /// micro-batches (StepContext::earlier_pairs); that needs stops_gradient().
  virtual std::int64_t memory_span() const { return -1; }
  /// True where it uses StepContext::labels: it is supervised.
  virtual bool reads_labels() const { return false; }
  /// True where an embedding needs one number a class.
  virtual bool one_output_per_class() const { return false; }
  /// False where the errors are not the derivative of what totals count, as behind a stop-gradient: they are then not
  /// compared with a numeric derivative.
  virtual bool is_differentiable() const { return true; }
  virtual Plausibility plausibility() const = 0;
  /// What a checkpoint keeps of it.
  virtual State state() { return {}; }
  /// Called after the state has been written from a checkpoint.
  virtual void restored() {}
};

using LossRegistry = Registry<Loss, const LossSetup&>;

/// What a checkpoint keeps of the loss of a block.
inline State state_of_loss(Loss& loss, int block) {
  State state = loss.state();
  for (StateTensor& tensor : state) tensor.name = fmt::format("losses.{}.{}", block, tensor.name);
  return state;
}

}  // namespace biossl
