#pragma once

#include <memory>

#include "biossl/core/workspace.h"
#include "biossl/network/spec.h"
#include "biossl/network/synapses.h"

namespace biossl {

/// Turns a block's output into the embeddings that a loss compares, and the error of the embeddings back into the error
/// of that output.
class Head {
 public:
  virtual ~Head() = default;

  virtual Synapses& synapses() = 0;
  /// Numbers in an embedding.
  virtual std::int64_t features() const = 0;
  /// The map (H, W, C) that its synapses see.
  virtual const Shape& map() const = 0;

  /// Takes its buffers, for up to `rows` images, from a workspace.
  virtual void prepare(std::int64_t rows, Workspace& workspace) = 0;
  /// activity: a block's output (N, H, W, C) in the compute type; embeddings: (N, features) in the master type.
  virtual void forward(const Tensor& activity, Tensor& embeddings) = 0;
  /// For rows [begin, end) of activity, embeddings and errors (by embedding): unless error_activity is empty, writes
  /// the error of the block's output to it, (end - begin, H, W, C); then the synapses learn. The rows are those of the
  /// last forward, in any order within each view. `errors` is used up.
  virtual void learn(const Tensor& activity, const Tensor& embeddings, Tensor& errors, std::int64_t begin,
                     std::int64_t end, const UpdateOptions& options, Tensor& error_activity) = 0;
};

/// A head on a block with this output; `index` numbers its weights among those of the seed.
std::unique_ptr<Head> make_head(const HeadSpec& spec, const Shape& block_output, const SynapsesSetup& setup,
                                std::uint32_t index);

}  // namespace biossl
